// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import CFFmpeg

/// Brings every decoded picture upright, and to the size, format and colours of the first one.
final class FrameShaper {
  let orientation: Orientation
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

  /// - Parameter colorsGray: gray pictures come with chroma, so that they can be drawn on in colours.
  init(
    first frame: UnsafePointer<AVFrame>, _ orientation: Orientation, matrix: ColorMatrix?, range: ColorRange?,
    colorsGray: Bool
  ) {
    let picture = frame.pointee
    let storedFormat = AVPixelFormat(rawValue: picture.format)
    self.orientation = orientation
    self.storedFormat = storedFormat.name
    stored = (picture.width, picture.height, picture.format)
    var format = PixelFormat(storedFormat) ?? (storedFormat.isGray ? .gray8 : .yuv420p)
    if format == .gray8 && colorsGray { format = .yuv420p }
    let swapsSides = orientation.rotation.swapsSides
    if format == .yuv422p && swapsSides { format = .yuv420p }
    self.format = format
    width = Int(swapsSides ? picture.height : picture.width)
    height = Int(swapsSides ? picture.width : picture.height)
    color = ColorTags(of: frame, format: storedFormat).overriding(matrix: matrix, range: range)
  }

  /// Takes `frame` over; the result is it or its replacement.
  ///
  /// - Parameter own: an orientation of this picture's own.
  func shape(_ frame: UnsafeMutablePointer<AVFrame>, turned own: Orientation? = nil) throws -> (
    handle: UnsafeMutablePointer<AVFrame>, isWritable: Bool
  ) {
    let orientation = own ?? orientation
    let swapsSides = orientation.rotation.swapsSides
    let size = swapsSides ? (height, width) : (width, height)
    var handle = frame
    var isWritable = false
    let picture = frame.pointee
    let storedFormat = AVPixelFormat(rawValue: picture.format)
    let from = picture.format == stored.format ? color : ColorTags(of: frame, format: storedFormat)
    if (Int(picture.width), Int(picture.height)) != size || PixelFormat(storedFormat) != format
      || (from.matrix, from.range) != (color.matrix, color.range) && format != .gray8
    {
      handle = try convert(frame, from, size)
      isWritable = true
    }
    if !orientation.isUpright {
      let upright = turned.picture(format, width: width, height: height)
      PictureView(of: handle, matrix: color.matrix, range: color.range)
        .copy(turned: orientation, into: PictureView(of: upright, matrix: color.matrix, range: color.range))
      FrameShells.give(handle)
      handle = upright
      isWritable = true
    }
    return (handle, isWritable)
  }

  private func convert(_ frame: UnsafeMutablePointer<AVFrame>, _ from: ColorTags, _ size: (Int, Int)) throws
    -> UnsafeMutablePointer<AVFrame>
  {
    let output = allocator.picture(format, width: size.0, height: size.1)
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
