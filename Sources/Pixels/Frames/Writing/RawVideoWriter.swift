// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import CFFmpeg

/// Writes pictures as they are, without an encoder: for programs at the other end of a pipe.
public final class RawVideoWriter: FrameSink {
  public enum Form: String, Sendable, CaseIterable {
    /// The planes of picture after picture, and nothing else.
    case rawvideo
    /// YUV4MPEG2: a line about size and rate first, a mark before each picture.
    case yuv4mpegpipe
  }

  private let form: Form
  private let file: OutputFile
  private let video: VideoFormat
  private let format: PixelFormat
  private let converter = FrameConverter()
  private let allocator = FrameAllocator()

  /// - Parameter path: a file, or `-` for standard output.
  /// - Throws: exists, cannotCreate, permission.
  public init(_ path: String, form: Form, video: VideoFormat, overwrite: Bool) throws {
    LogCollector.shared.install()
    self.form = form
    self.video = video
    format = video.format == .nv12 ? .yuv420p : video.format
    file = try OutputFile(path, overwrite: overwrite)
    guard form == .yuv4mpegpipe else { return }
    let rate = video.rate.isKnown ? video.rate : Ratio(25, 1)
    let aspect = video.sampleAspectRatio
    let layout =
      switch format {
      case .yuv420p, .nv12: "420mpeg2"
      case .yuv422p: "422"
      case .yuv444p: "444"
      case .gray8: "mono"
      }
    file.append(
      "YUV4MPEG2 W\(video.width) H\(video.height) F\(rate.numerator):\(rate.denominator) Ip "
        + "A\(aspect.numerator):\(aspect.denominator) C\(layout) "
        + "XCOLORRANGE=\(video.color.range == .full ? "FULL" : "LIMITED")\n")
  }

  public var bytesWritten: Int64 { file.bytesWritten }

  /// - Throws: diskFull, io.
  public func write(_ frame: Frame) throws {
    if form == .yuv4mpegpipe { file.append("FRAME\n") }
    if frame.format == format && frame.width == video.width && frame.height == video.height {
      frame.withView(append)
    } else {
      let own = allocator.frame(like: frame, format: format, width: video.width, height: video.height)
      let colors = (frame.color.matrix, frame.color.range)
      try converter.convert(frame.handle, colors, to: own.handle, colors)
      own.withView(append)
    }
    avio_flush(file.context)
    try check()
  }

  public func finish(trailing: [Packet]) throws {
    try file.close()
    try check()
  }

  private func append(_ view: PictureView) {
    for plane in 0..<format.planeCount {
      let size = format.planeSize(plane, width: view.width, height: view.height)
      let rows = view.plane(plane)
      for row in 0..<size.rows {
        file.append(UnsafeRawBufferPointer(start: rows.base + row * rows.rowBytes, count: size.rowBytes))
      }
    }
  }

  private func check() throws {
    if file.failure != 0 { throw FramesError(errno: file.failure, "write", file.path) }
  }
}
