// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import Frames
internal import Kernels
internal import Scenes

/// Opens the source of a run.
struct SourceFactory {
  var config: PipelineConfig
  var threads: ThreadBudget
  var interrupt: InterruptFlag
  var journal: SourceJournal
  /// Maps of true classes that can be out at once; 0 for none.
  var truthCount: Int

  /// Frames come when they come, whatever we do.
  static func isLive(_ uri: String) -> Bool {
    ["rtsp://", "rtsps://", "rtmp://", "udp://", "srt://", "/dev/video", "cam:"].contains {
      uri.hasPrefix($0)
    }
  }

  func open() throws -> any FrameSource {
    config.hideSecrets()
    let source = config.source
    guard !source.uri.isEmpty else {
      throw RunError(
        .configuration, "run", "the pipeline", "it has no source", hint: "name a file, or 'test:street'")
    }
    if source.uri.hasPrefix("test:") { return drawn(try TestSource.parse(source.uri)) }
    if source.format == nil && ImageSequenceReader.suits(source.uri) {
      var options = ImageSequenceReader.Options()
      options.maxFrames = source.frames
      options.stride = source.stride
      options.rotation = turn ?? .none
      options.matrix = config.decode.matrix
      options.range = config.decode.range
      return try ImageSequenceReader(source.uri, options: options)
    }
    var options = VideoReader.Options()
    options.threads = threads.decoderThreads
    options.start = source.start?.seconds
    options.end = source.end?.seconds
    options.duration = source.duration?.seconds
    options.maxFrames = source.frames
    options.stride = source.stride
    options.rotation = turn
    options.matrix = config.decode.matrix
    options.range = config.decode.range
    options.discardCorrupt = config.decode.discardCorrupt
    options.keepAudio = config.encode.audio != PipelineConfig.Encode.Audio.none
    options.interrupt = interrupt
    options.connectTimeout = source.connectTimeout.seconds
    options.stallTimeout = source.stallTimeout.seconds
    options.inputFormat = source.format
    options.inputOptions = source.options
    return try VideoReader(source.uri, options: options)
  }

  private var turn: Rotation? { config.decode.rotate.flatMap { Rotation(rawValue: Int($0.rawValue) ?? 0) } }

  private func drawn(_ test: TestSource) -> TestFrameSource {
    let source = config.source
    let start = source.start?.seconds ?? 0
    let ends = [source.end?.seconds, source.duration.map { start + $0.seconds }].compactMap { $0 }
    let height = test.parameters.height
    return TestFrameSource(
      test, uri: source.uri, start: start, end: ends.min() ?? .infinity, frames: source.frames,
      stride: source.stride,
      color: ColorTags(
        matrix: config.decode.matrix ?? (height >= 720 ? .bt709 : .bt601),
        range: config.decode.range ?? .limited),
      truthCount: truthCount)
  }
}
