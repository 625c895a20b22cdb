// SPDX-License-Identifier: Apache-2.0

public import Buffers
internal import Foundation
internal import Frames
public import Pixels

/// Model inputs made of a source's frames, as a run would make them: for calibration.
public enum ExampleReader {
  /// At most `count` inputs, spread over the source where its length is known.
  ///
  /// - Parameter config: `source`, `decode`, `resize` and the CPU level are taken from here.
  /// - Throws: what a run would throw; `FramesError` where the source has no frame.
  public static func read(
    _ config: PipelineConfig, input: ModelInputFormat, count: Int
  ) throws -> [AlignedBytes] {
    var config = config
    if config.source.stride == 1, let frames = try SourceInfo.probe(config).frameCountEstimate {
      config.source.stride = max(1, frames / count)
    }
    config.source.frames = count
    let source = try SourceFactory(
      config: config, threads: config.threadBudget, interrupt: InterruptFlag(), journal: SourceJournal(),
      truthCount: 0
    ).open()
    let info = source.info
    let target = input.placing(
      width: info.width, height: info.height, aspect: info.video.sampleAspectRatio.value,
      fit: config.resize.fit)
    let resize = ResizeStage(
      source: PictureKind(info),
      targets: [target], level: config.flow.cpu ?? .best, inFlight: 1)
    var examples: [AlignedBytes] = []
    while examples.count < count, let frame = try source.next() {
      let input = resize.tensor(of: frame)
      let example = AlignedBytes(count: target.byteCount)
      memcpy(example.pointer, input.value.pointer, target.byteCount)
      examples.append(example)
    }
    guard !examples.isEmpty else {
      throw FramesError(
        .noFrames, "read", config.source.uri, "it has no frame", hint: "calibration needs pictures")
    }
    return examples
  }
}
