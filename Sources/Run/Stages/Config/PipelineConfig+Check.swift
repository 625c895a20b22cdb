// SPDX-License-Identifier: Apache-2.0

internal import Addresses
public import CPU
internal import Frames
internal import Pixels
internal import Scenes

extension PipelineConfig {
  /// Tells all that can be known to be wrong before anything is opened. What only the source or the network can
  /// tell is told when a run is planned for them.
  ///
  /// - Throws: `RunError`, `FramesError`, or the error of a `test:` address.
  public func check() throws {
    guard !source.uri.isEmpty else {
      throw RunError(
        .configuration, "run", "the pipeline", "it has no source", hint: "name one under 'source: uri:'")
    }
    switch source.address {
    case .test(let text): _ = try TestSource.parse(text)
    case .camera where source.start != nil:
      throw RunError(
        .configuration, "read", source.uri, "a camera has no place to begin at", hint: "leave out --ss")
    case .camera, .file, .pictures, .standardInput, .stream: break
    }
    try checkOutputs()
    try checkExposure()
    _ = try builtInPalette()
    _ = try usableLevel()
    // Whether it is live is known for certain once it is open.
    if case .stream(let stream) = source.address, stream.isHTTP { return }
    try checkAdaptation(under: likelyPolicy)
  }

  /// What others on the network could open needs somebody to let in, or a secret way, or the user's word.
  private func checkExposure() throws {
    if web.isInsecure || web.certificate != nil || web.tokens != nil || !web.users.list.isEmpty { return }
    let addresses = outputs.compactMap(\.listenAddress) + [web.listen].compactMap { $0 }
    guard let open = addresses.first(where: { !$0.isLoopback }) else { return }
    throw RunError(
      .exposed, "listen on", "\(open)", "everybody on the network could open it",
      hint:
        "name users (--http-user), tokens (--http-tokens) or a certificate (--tls-cert), or say --insecure")
  }

  /// The CPU level to use: the best, or the one that is asked for.
  ///
  /// - Throws: `RunError` where this machine lacks it, or ROADMASK_CPU limits levels to one that there is not.
  public func usableLevel() throws -> CPULevel {
    let usable = "usable here: \(CPULevel.usable.map(\.rawValue).joined(separator: ", "))"
    if let unknown = CPULevel.unknownLimit {
      throw RunError(.level, "use", unknown, "ROADMASK_CPU names no level that there is", hint: usable)
    }
    guard let level = flow.cpu else { return .best }
    guard CPULevel.usable.contains(level) else {
      throw RunError(.level, "use", level.rawValue, "this machine does not have it", hint: usable)
    }
    return level
  }

  /// The palette that is named; `nil` for the model's own.
  func builtInPalette() throws -> Palette? {
    guard let name = overlay.palette else { return nil }
    guard let palette = Palette.builtIn[name] else {
      throw RunError(
        .configuration, "draw with", "palette '\(name)'", "there is none of that name",
        hint: "built in: \(Palette.builtIn.keys.sorted().joined(separator: ", "))")
    }
    return palette
  }
}
