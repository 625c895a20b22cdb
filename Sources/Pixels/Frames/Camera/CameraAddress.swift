// SPDX-License-Identifier: Apache-2.0

/// How a user names a camera: `/dev/video0`, `/dev/v4l/by-id/…`, `v4l2:///dev/video0`, `cam:` for the first
/// one, `cam:C920` for one whose name, serial number, model or place has this in it.
struct CameraAddress: Sendable, Hashable {
  enum Form: Sendable, Hashable {
    case path(String)
    case word(String)
  }

  /// As the user wrote it.
  let uri: String
  let form: Form

  /// `nil` where `uri` names no camera.
  init?(_ uri: String) {
    self.uri = uri
    if uri.hasPrefix("cam:") {
      form = .word(String(uri.dropFirst(4)))
    } else if let path = CameraAddress.path(ofOutput: uri) {
      form = .path(path)
    } else if uri.hasPrefix("/dev/video") || uri.hasPrefix("/dev/v4l/") {
      form = .path(uri)
    } else {
      return nil
    }
  }

  /// The path in `v4l2:///dev/video0` or `v4l2://video0`.
  static func path(ofOutput uri: String) -> String? {
    guard uri.hasPrefix("v4l2://") else { return nil }
    let rest = String(uri.dropFirst(7))
    return rest.hasPrefix("/") ? rest : "/dev/" + rest
  }

  /// The node to open.
  ///
  /// - Parameter known: the camera that was meant the first time; no other will do.
  /// - Throws: notFound, deviceAccess; gone where `known` is not plugged in.
  func resolve(known: CameraIdentity? = nil, in tree: CameraTree = CameraTree()) throws -> String {
    if let known {
      if let node = known.find(in: tree.all) { return node.path }
      throw FramesError(.gone, "open", uri, "it is not plugged in", hint: "check its cable")
    }
    switch form {
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
      .notFound, "open", uri, names.isEmpty ? "no camera is plugged in" : "no camera is called so",
      hint: names.isEmpty
        ? "plug one in; 'roadmask devices' lists what is found" : "there is \(names.joined(separator: ", "))")
  }
}
