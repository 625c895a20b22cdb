// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import CFFmpeg
internal import CVideo4Linux
internal import Glibc

/// Gives frames to a video output of the kernel, as a loopback device that other programs read like a camera.
public final class VideoDeviceWriter: FrameSink {
  private let device: VideoDevice
  private let interrupt: InterruptFlag?
  private let converter = FrameConverter()
  private let picture: UnsafeMutablePointer<AVFrame>
  private let range: ColorRange
  private let matrix: ColorMatrix
  private let planes: [(offset: Int, rowBytes: Int)]
  private var bytes: [UInt8]

  /// True where `uri` names a video output: `v4l2:///dev/video10`.
  public static func suits(_ uri: String) -> Bool { CameraAddress.path(ofOutput: uri) != nil }

  /// - Parameter uri: one that `suits`.
  /// - Throws: notFound, deviceAccess, notCamera, busy, gone, unsupportedOutput.
  public init(_ uri: String, video: VideoFormat, interrupt: InterruptFlag? = nil) throws {
    let path = CameraAddress.path(ofOutput: uri) ?? uri
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
    guard rm_v4l2_set_format(device.file, &format) == 0 else { throw device.failure("write to") }
    let settled = format.fmt.pix
    if video.rate.isKnown {
      var parameters = v4l2_streamparm()
      parameters.type = type.rawValue
      parameters.parm.output.timeperframe.numerator = UInt32(video.rate.denominator)
      parameters.parm.output.timeperframe.denominator = UInt32(video.rate.numerator)
      // A device without a rate of its own shows frames as they come.
      _ = rm_v4l2_set_parameters(device.file, &parameters)
    }
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
    while true {
      let written = bytes.withUnsafeBytes { Glibc.write(device.file, $0.baseAddress, $0.count) }
      if written >= 0 { return }
      guard errno == EAGAIN || errno == EINTR else { throw device.failure("write to") }
      if interrupt?.isSet == true {
        throw FramesError(.interrupted, "write to", device.path, "interrupted", hint: "run it again")
      }
      var entry = pollfd(file: device.file, events: POLLOUT)
      _ = poll(&entry, 1, 40)
    }
  }

  public func finish(trailing: [Packet]) throws {}
}
