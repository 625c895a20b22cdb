// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import CFFmpeg
internal import CVideo4Linux
internal import Glibc

/// Gives frames to a video output of the kernel, as a loopback device that other programs read like a camera.
public final class VideoDeviceWriter: FrameSink {
  private var device: VideoDevice
  /// Where plain writes are refused.
  private var stream: DisplayStream?
  private let wishes: v4l2_format
  private let rate: Ratio
  private let interrupt: InterruptFlag?
  private let converter = FrameConverter()
  private let picture: UnsafeMutablePointer<AVFrame>
  private let range: ColorRange
  private let matrix: ColorMatrix
  private let planes: [(offset: Int, rowBytes: Int)]
  private var bytes: [UInt8]
  private var isFirst = true

  /// - Parameter path: of the node, `/dev/video10`.
  /// - Throws: notFound, deviceAccess, notCamera, busy, gone, unsupportedOutput.
  public init(_ path: String, video: VideoFormat, interrupt: InterruptFlag? = nil) throws {
    device = try VideoDevice(path)
    self.interrupt = interrupt
    (matrix, range) = (video.color.matrix, video.color.range)
    guard device.isOutput else {
      throw FramesError(
        .notCamera, "write to", path, "\(device.card) takes no pictures on this node",
        hint: "a loopback device does: sudo modprobe v4l2loopback")
    }
    let type = V4L2_BUF_TYPE_VIDEO_OUTPUT
    let known = device.formats(type).compactMap(CameraFormat.init).filter { !$0.isCompressed && !$0.av.isRGB }
    // All programs that read cameras read yuyv422.
    guard let form = known.first(where: { $0.name == "yuyv422" }) ?? known.min(by: { $0.cost < $1.cost })
    else {
      throw FramesError(
        .unsupportedOutput, "write to", path, "it takes none of our formats",
        hint: "it must take yuv420p, nv12 or yuyv422")
    }
    var format = v4l2_format()
    format.type = type.rawValue
    format.fmt.pix.width = UInt32(video.width)
    format.fmt.pix.height = UInt32(video.height)
    format.fmt.pix.pixelformat = form.code.rawValue
    format.fmt.pix.field = V4L2_FIELD_NONE.rawValue
    format.fmt.pix.colorspace =
      (matrix == .bt709 ? V4L2_COLORSPACE_REC709 : V4L2_COLORSPACE_SMPTE170M).rawValue
    format.fmt.pix.quantization =
      (range == .full ? V4L2_QUANTIZATION_FULL_RANGE : V4L2_QUANTIZATION_LIM_RANGE).rawValue
    (wishes, rate) = (format, video.rate)
    let settled = try device.settle(format, video.rate)
    let rowBytes = max(Int(settled.bytesperline), 1)
    let layout = form.layout(rowBytes: rowBytes, height: Int(settled.height))
    guard settled.pixelformat == form.code.rawValue, layout.byteCount <= Int(settled.sizeimage) else {
      throw FramesError(
        .unsupportedOutput, "write to", path, "it refuses \(form.name)",
        hint: "it must take yuv420p or yuyv422")
    }
    bytes = [UInt8](repeating: 0, count: Int(settled.sizeimage))
    picture = FrameShells.take()
    picture.pointee.format = form.av.rawValue
    (picture.pointee.width, picture.pointee.height) = (Int32(settled.width), Int32(settled.height))
    planes = layout.planes
    if !device.takesWrites { stream = try DisplayStream(device, interrupt: interrupt) }
  }

  deinit { FrameShells.give(picture) }

  /// - Throws: gone, interrupted.
  public func write(_ frame: Frame) throws {
    let planes = planes
    try bytes.withUnsafeMutableBufferPointer { bytes in
      let base = bytes.baseAddress!
      func place(_ index: Int) -> (UnsafeMutablePointer<UInt8>?, Int32) {
        index < planes.count ? (base + planes[index].offset, Int32(planes[index].rowBytes)) : (nil, 0)
      }
      (picture.pointee.data.0, picture.pointee.linesize.0) = place(0)
      (picture.pointee.data.1, picture.pointee.linesize.1) = place(1)
      (picture.pointee.data.2, picture.pointee.linesize.2) = place(2)
      defer {
        picture.pointee.data = (nil, nil, nil, nil, nil, nil, nil, nil)
      }
      try converter.convert(
        frame.handle, (frame.color.matrix, frame.color.range), to: picture, (matrix, range))
    }
    try bytes.withUnsafeBytes { try give($0) }
    isFirst = false
  }

  private func give(_ bytes: UnsafeRawBufferPointer) throws {
    while true {
      if let stream { return try stream.show(bytes) }
      if Glibc.write(device.file, bytes.baseAddress, bytes.count) >= 0 { return }
      switch errno {
      case EAGAIN, EINTR: try device.waitForRoom(interrupt)
      // Some say that they take writes, and do not.
      case EINVAL where isFirst && device.sharesBuffers: try share()
      default: throw device.failure("write to")
      }
    }
  }

  /// Opens the device anew, since the write has left it busy, and gives it shared buffers.
  private func share() throws {
    device = try VideoDevice(device.path)
    _ = try device.settle(wishes, rate)
    stream = try DisplayStream(device, interrupt: interrupt)
  }

  public func finish(trailing: [Packet]) throws {}
}

extension VideoDevice {
  /// Sets the format of an output, and its rate where that is known; gives the format that the driver chose.
  ///
  /// - Throws: busy, gone.
  fileprivate func settle(_ wishes: v4l2_format, _ rate: Ratio) throws -> v4l2_pix_format {
    var format = wishes
    guard rm_v4l2_set_format(file, &format) == 0 else { throw failure("write to") }
    if rate.isKnown {
      var parameters = v4l2_streamparm()
      parameters.type = wishes.type
      parameters.parm.output.timeperframe.numerator = UInt32(rate.denominator)
      parameters.parm.output.timeperframe.denominator = UInt32(rate.numerator)
      // A device without a rate of its own shows frames as they come.
      _ = rm_v4l2_set_parameters(file, &parameters)
    }
    return format.fmt.pix
  }
}
