// SPDX-License-Identifier: Apache-2.0

internal import Frames
internal import Glibc

/// Outputs of a pipeline that starts again and again, over what it wrote before.
extension PipelineConfig {
  /// Lets files that are there stay: the next ones get a number, `front-001.mp4` beside `front.mp4`. Playlists,
  /// which tell of the present alone, are written anew.
  public mutating func numberOutputs() {
    for index in outputs.indices where !outputs[index].overwrite {
      if outputs[index].playlistFolder != nil { outputs[index].overwrite = true }
      let isOneFile = outputs[index].isFile && outputs[index].kind != .png && outputs[index].segment == nil
      if isOneFile, let path = outputs[index].address.path { outputs[index].uri = PipelineConfig.free(path) }
    }
    if !outputs.contains(where: \.overwrite) {
      statsFile = statsFile.map(PipelineConfig.free)
      inspection.trace = inspection.trace.map(PipelineConfig.free)
    }
  }

  /// An output that would be refused when the pipeline starts again.
  public var outputForOneRun: OutputConfig? {
    guard restart.policy != .never else { return nil }
    return outputs.first { !$0.overwrite && ($0.kind == .png || $0.isPictures) }
  }

  /// `path`, or where a regular file is there, the next of its names.
  private static func free(_ path: String) -> String {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return path }
    return PartNames(path, isCut: false)?.next(isFirst: false) ?? path
  }
}
