// SPDX-License-Identifier: Apache-2.0

public import Buffers
internal import CFFmpeg

/// Writes class ids as a lossless video: FFV1 version 3, gray, full range, one gray value for each class.
public final class LabelVideoWriter {
  public let path: String
  private let writer: VideoWriter
  private let allocator = FrameAllocator()
  private let color = ColorTags(matrix: .bt709, range: .full, matrixCode: 2)

  /// - Parameters:
  ///   - timeBase: of the timestamps that come with the labels; Matroska rounds them to milliseconds.
  ///   - metadata: the class map and whatever else the container shall say.
  /// - Throws: exists, cannotCreate, permission, unsupportedOutput.
  public init(
    _ path: String, width: Int, height: Int, timeBase: TimeBase, rate: Ratio,
    sampleAspectRatio: Ratio = Ratio(1, 1),
    metadata: [String: String] = [:], threads: Int = 1, overwrite: Bool = false,
    synchronizesFragments: Bool = false, interrupt: InterruptFlag? = nil,
    trust: TLSTrust = TLSTrust()
  ) throws {
    self.path = path
    var options = VideoWriter.Options()
    options.encoder = .labels(threads: threads)
    options.metadata = metadata
    options.overwrite = overwrite
    options.synchronizesFragments = synchronizesFragments
    options.interrupt = interrupt
    options.trust = trust
    writer = try VideoWriter(
      path,
      video: VideoFormat(
        format: .gray8, width: width, height: height, timeBase: timeBase, rate: rate, color: color,
        sampleAspectRatio: sampleAspectRatio),
      options: options)
  }

  public var framesWritten: Int { writer.framesWritten }
  public var bytesWritten: Int64 { writer.bytesWritten }

  /// - Parameters pts, duration: in the writer's time base.
  /// - Precondition: the map has the writer's size.
  public func write(_ labels: LabelMap, pts: Int64, duration: Int64) throws {
    try write(
      labels.pixels, rowBytes: labels.rowBytes, width: labels.width, height: labels.height, pts, duration)
  }

  /// Writes a plane of class ids, one byte for each pixel.
  public func write(
    _ pixels: UnsafePointer<UInt8>, rowBytes: Int, width: Int, height: Int, _ pts: Int64, _ duration: Int64
  ) throws {
    precondition(width == writer.video.width && height == writer.video.height, "labels of another size")
    let frame = allocator.frame(
      format: .gray8, width: width, height: height, index: writer.framesWritten, pts: pts, duration: duration,
      timeBase: writer.video.timeBase, color: color)
    let target = frame.view.planes.0
    for row in 0..<height {
      (target.base + row * target.rowBytes).update(from: pixels + row * rowBytes, count: width)
    }
    try writer.write(frame)
  }

  public func finish() throws { try writer.finish() }
}
