// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import CFFmpeg

/// Brings every decoded picture upright, and to the size and format of the first one.
final class FrameShaper {
  let rotation: Rotation
  /// As delivered, after rotation.
  let format: PixelFormat
  let width: Int
  let height: Int
  let color: ColorTags
  let storedFormat: String

  private let stored: (width: Int32, height: Int32, format: Int32)
  private let converter = FrameConverter()
  private let allocator = FrameAllocator()
  private let turned = FrameAllocator()

  init(first frame: UnsafePointer<AVFrame>, rotation: Rotation, matrix: ColorMatrix?, range: ColorRange?) {
    let picture = frame.pointee
    let storedFormat = AVPixelFormat(rawValue: picture.format)
    self.rotation = rotation
    self.storedFormat = storedFormat.name
    stored = (picture.width, picture.height, picture.format)
    let direct = PixelFormat(storedFormat) ?? (storedFormat.isGray ? .gray8 : .yuv420p)
    format = direct == .yuv422p && rotation.swapsSides ? .yuv420p : direct
    width = Int(rotation.swapsSides ? picture.height : picture.width)
    height = Int(rotation.swapsSides ? picture.width : picture.height)
    color = ColorTags(of: frame, format: storedFormat).overriding(matrix: matrix, range: range)
  }

  /// Takes `frame` over; the result is it or its replacement.
  func shape(_ frame: UnsafeMutablePointer<AVFrame>) throws -> (
    handle: UnsafeMutablePointer<AVFrame>, isWritable: Bool
  ) {
    var handle = frame
    var isWritable = false
    let picture = frame.pointee
    let isUsual = (picture.width, picture.height, picture.format) == stored
    if !isUsual && (picture.width, picture.height) != (stored.width, stored.height)
      || PixelFormat(AVPixelFormat(rawValue: picture.format)) != format
    {
      handle = try convert(frame, isUsual: isUsual)
      isWritable = true
    }
    if rotation != .none {
      let upright = turned.picture(format, width: width, height: height)
      PictureView(of: handle, matrix: color.matrix, range: color.range)
        .copy(turned: rotation, into: PictureView(of: upright, matrix: color.matrix, range: color.range))
      FrameShells.give(handle)
      handle = upright
      isWritable = true
    }
    return (handle, isWritable)
  }

  private func convert(_ frame: UnsafeMutablePointer<AVFrame>, isUsual: Bool) throws
    -> UnsafeMutablePointer<AVFrame>
  {
    let output = allocator.picture(format, width: Int(stored.width), height: Int(stored.height))
    let from =
      isUsual ? color : ColorTags(of: frame, format: AVPixelFormat(rawValue: frame.pointee.format))
    defer { FrameShells.give(frame) }
    do {
      try converter.convert(frame, (from.matrix, from.range), to: output, (color.matrix, color.range))
    } catch {
      FrameShells.give(output)
      throw error
    }
    return output
  }
}
