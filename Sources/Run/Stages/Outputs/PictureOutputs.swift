// SPDX-License-Identifier: Apache-2.0

internal import Frames

/// The drawn pictures, as a video or as numbered pictures.
final class PictureOutput: Output {
  private let sink: any FrameSink

  init(_ sink: any FrameSink) { self.sink = sink }

  func write(_ item: DrawnFrame) throws { try sink.write(item.picture ?? item.decoded.frame) }

  func finish(trailing: [Packet]) throws { try sink.finish(trailing: trailing) }

  var bytesWritten: Int64? { (sink as? VideoWriter)?.bytesWritten ?? (sink as? RawVideoWriter)?.bytesWritten }
}

/// Checksums of what one of the stages made.
final class HashOutput: Output {
  private let writer: ChecksumWriter
  private let tap: OutputConfig.Tap

  init(_ writer: ChecksumWriter, tap: OutputConfig.Tap) {
    self.writer = writer
    self.tap = tap
  }

  func write(_ item: DrawnFrame) throws {
    let frame = item.decoded.frame
    switch tap {
    case .decode: try writer.write(frame)
    case .argmax: try writer.write(item.labels.value, index: frame.index, pts: frame.pts)
    case .overlay: try writer.write(item.picture ?? frame)
    }
  }

  func finish(trailing: [Packet]) throws { try writer.finish() }

  var bytesWritten: Int64? { nil }
}

/// Takes everything and keeps nothing.
final class NullOutput: Output {
  func write(_ item: DrawnFrame) throws {}
  func finish(trailing: [Packet]) throws {}
  var bytesWritten: Int64? { 0 }
}
