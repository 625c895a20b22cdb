// SPDX-License-Identifier: Apache-2.0

internal import CPU
internal import Frames
internal import Pixels
internal import Scenes

extension PipelineConfig {
  /// Tells what can be known to be wrong before anything is opened.
  ///
  /// - Throws: `RunError`, `FramesError`, or the error of a `test:` address.
  public func check() throws {
    guard !source.uri.isEmpty else {
      throw RunError(
        .configuration, "run", "the pipeline", "it has no source", hint: "name one under 'source: uri:'")
    }
    if source.uri.hasPrefix("test:") { _ = try TestSource.parse(source.uri) }
    for output in outputs { _ = try OutputFactory.kind(of: output) }
    if let name = overlay.palette, Palette.builtIn[name] == nil {
      throw RunError(
        .configuration, "draw with", "palette '\(name)'", "there is none of that name",
        hint: "built in: \(Palette.builtIn.keys.sorted().joined(separator: ", "))")
    }
    if let level = flow.cpu, !CPULevel.usable.contains(level) {
      throw RunError(
        .configuration, "use", level.rawValue, "this machine does not have it",
        hint: "usable here: \(CPULevel.usable.map(\.rawValue).joined(separator: ", "))")
    }
    // Whether it is live is known for certain once it is open.
    if !source.uri.hasPrefix("http") { try checkAdaptation(under: likelyPolicy) }
  }
}
