// SPDX-License-Identifier: Apache-2.0

internal import Addresses

extension CameraName {
  /// As messages say it.
  var text: String {
    switch self {
    case .path(let path): path
    case .word(let word): "cam:\(word)"
    }
  }

  /// The node to open.
  ///
  /// - Parameter known: the camera that was meant the first time; no other will do.
  /// - Throws: notFound, deviceAccess; gone where `known` is not plugged in.
  func resolve(known: CameraIdentity? = nil, in tree: CameraTree = CameraTree()) throws -> String {
    if let known {
      if let node = known.find(in: tree.all) { return node.path }
      throw FramesError(.gone, "open", text, "it is not plugged in", hint: "check its cable")
    }
    switch self {
    case .path(let path): return path
    case .word(let word): return try search(word, in: tree)
    }
  }

  private func search(_ word: String, in tree: CameraTree) throws -> String {
    var refusal: (any Error)?
    var names: [String] = []
    for node in tree.all {
      do {
        let facts = try tree.facts(node.path)
        guard facts.isCamera else { continue }
        let identity = node.identity
        let parts = [
          facts.card, facts.bus, identity.name, identity.model ?? "", identity.serial ?? "", identity.place,
        ]
        if word.isEmpty
          || (parts + node.links).contains(where: { $0.lowercased().contains(word.lowercased()) })
        {
          return node.path
        }
        names.append(facts.card)
      } catch { refusal = refusal ?? error }
    }
    if names.isEmpty, let refusal { throw refusal }
    throw FramesError(
      .notFound, "open", text, names.isEmpty ? "no camera is plugged in" : "no camera is called so",
      hint: names.isEmpty
        ? "plug one in; 'roadmask devices' lists what is found" : "there is \(names.joined(separator: ", "))")
  }
}
