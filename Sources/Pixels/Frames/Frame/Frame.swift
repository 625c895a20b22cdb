// SPDX-License-Identifier: Apache-2.0

public import Buffers
internal import CFFmpeg

/// One 8-bit picture on its way through the pipeline, with its place in time and the sound before it.
///
/// Rows of frames made here may be read up to 64 bytes past their end; FFmpeg's own decoder buffers have
/// at least as much behind the last row of each plane.
public final class Frame: @unchecked Sendable {
  // @unchecked: written by the one stage that made it before it is passed on, read-only afterwards.

  let handle: UnsafeMutablePointer<AVFrame>

  /// Delivered frames before this one.
  public private(set) var index: Int
  /// Presentation time and length, in ticks of `timeBase`.
  public private(set) var pts: Int64
  public private(set) var duration: Int64
  public private(set) var timeBase: TimeBase
  public let color: ColorTags
  /// A pixel's width by its height; unknown counts as square.
  public let sampleAspectRatio: Ratio
  /// Sound that stands before this picture in its source.
  public private(set) var sidePackets: [Packet]
  /// The decoder met damaged data in this picture.
  public let isCorrupt: Bool
  /// False where FFmpeg may still read the pixels to decode other pictures.
  public let isWritable: Bool
  public let view: PictureView

  /// Takes over `handle`, whose format is one of `PixelFormat`'s.
  init(
    taking handle: UnsafeMutablePointer<AVFrame>, index: Int, pts: Int64,
    duration: Int64, timeBase: TimeBase, color: ColorTags, sampleAspectRatio: Ratio,
    sidePackets: [Packet], isCorrupt: Bool, isWritable: Bool
  ) {
    self.handle = handle
    self.index = index
    self.pts = pts
    self.duration = duration
    self.timeBase = timeBase
    self.color = color
    self.sampleAspectRatio = sampleAspectRatio
    self.sidePackets = sidePackets
    self.isCorrupt = isCorrupt
    self.isWritable = isWritable
    view = PictureView(of: handle, matrix: color.matrix, range: color.range)
    handle.pointee.pts = pts
    handle.pointee.sample_aspect_ratio = sampleAspectRatio.rational
    rm_frame_set_duration(handle, duration)
    color.apply(to: handle)
  }

  deinit { FrameShells.give(handle) }

  /// Gives the frame another place in time, before it is passed on.
  func place(index: Int, pts: Int64, duration: Int64, timeBase: TimeBase) {
    (self.index, self.pts, self.duration, self.timeBase) = (index, pts, duration, timeBase)
    handle.pointee.pts = pts
    rm_frame_set_duration(handle, duration)
  }

  /// Gives the frame other sound, before it is passed on.
  func carry(_ packets: [Packet]) { sidePackets = packets }

  public var width: Int { view.width }
  public var height: Int { view.height }
  public var format: PixelFormat { view.format }
  /// Lends the view and keeps the frame alive meanwhile: optimised code may free a frame right after its
  /// last mention, with a copy of `view` still in use.
  public func withView<Result>(_ body: (PictureView) throws -> Result) rethrows -> Result {
    try withExtendedLifetime(self) { try body(view) }
  }

  /// Seconds.
  public var time: Double { timeBase.seconds(pts) }
}

extension Frame {
  /// Wraps a rendered picture without a copy, and keeps it alive.
  ///
  /// - Parameter color: where `nil`, the picture's own matrix and range.
  public convenience init(
    _ picture: Picture, index: Int, pts: Int64, duration: Int64, timeBase: TimeBase,
    color: ColorTags? = nil, sampleAspectRatio: Ratio = Ratio(1, 1), sidePackets: [Packet] = []
  ) {
    let view = picture.view
    let handle = FrameShells.take()
    handle.pointee.wrap(view)
    handle.pointee.buf.0 = av_buffer_create(
      view.planes.0.base, view.byteCount, { opaque, _ in Unmanaged<Picture>.fromOpaque(opaque!).release() },
      Unmanaged.passRetained(picture).toOpaque(), 0)
    self.init(
      taking: handle, index: index, pts: pts, duration: duration, timeBase: timeBase,
      color: color ?? ColorTags(matrix: view.matrix, range: view.range),
      sampleAspectRatio: sampleAspectRatio, sidePackets: sidePackets, isCorrupt: false, isWritable: true)
  }
}

extension PictureView {
  /// The planes of `frame`, whose format is one of `PixelFormat`'s.
  init(of frame: UnsafePointer<AVFrame>, matrix: ColorMatrix, range: ColorRange) {
    let picture = frame.pointee
    guard let format = PixelFormat(AVPixelFormat(rawValue: picture.format)) else {
      preconditionFailure("frame in format \(picture.format)")
    }
    let first = picture.data.0!
    func plane(_ base: UnsafeMutablePointer<UInt8>?, _ rowBytes: Int32) -> PlaneView {
      PlaneView(base: base ?? first, rowBytes: Int(rowBytes))
    }
    self.init(
      format: format, width: Int(picture.width), height: Int(picture.height), matrix: matrix, range: range,
      planes: (
        plane(picture.data.0, picture.linesize.0), plane(picture.data.1, picture.linesize.1),
        plane(picture.data.2, picture.linesize.2)
      ))
  }

  func plane(_ index: Int) -> PlaneView { [planes.0, planes.1, planes.2][index] }

  /// From the first byte to the last, for planes that follow each other in memory.
  fileprivate var byteCount: Int {
    let last = format.planeCount - 1
    let rows = format.planeSize(last, width: width, height: height).rows
    return plane(last).base - planes.0.base + plane(last).rowBytes * rows
  }
}

extension AVFrame {
  mutating func wrap(_ view: PictureView) {
    format = view.format.av.rawValue
    width = Int32(view.width)
    height = Int32(view.height)
    let count = view.format.planeCount
    data.0 = view.planes.0.base
    linesize.0 = Int32(view.planes.0.rowBytes)
    data.1 = count > 1 ? view.planes.1.base : nil
    linesize.1 = count > 1 ? Int32(view.planes.1.rowBytes) : 0
    data.2 = count > 2 ? view.planes.2.base : nil
    linesize.2 = count > 2 ? Int32(view.planes.2.rowBytes) : 0
  }
}
