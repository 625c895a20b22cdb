// SPDX-License-Identifier: Apache-2.0

internal import Buffers
public import Frames

extension SourceInfo {
  /// Opens the source that `config` names, asks what it is, and closes it.
  ///
  /// - Throws: what opening it for a run would throw.
  public static func probe(_ config: PipelineConfig) throws -> SourceInfo {
    try OpenedSource(config).info
  }
}

extension PictureKind {
  /// The kind of pictures that a source announces.
  init(_ source: SourceInfo) {
    self.init(
      format: source.video.format, width: source.width, height: source.height, matrix: source.color.matrix,
      range: source.color.range)
  }
}
