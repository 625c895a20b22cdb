// SPDX-License-Identifier: Apache-2.0

internal import CFFmpeg

/// Reads label pictures: the stored value of each pixel is its class, whatever colour it shows.
public enum LabelImageReader {
  public struct Image: Sendable, Hashable {
    /// Pixels.
    public var width: Int
    public var height: Int
    /// Row by row, without gaps: palette indices or gray values.
    public var labels: [UInt8]
  }

  /// - Throws: notFound, permission; invalidData where the picture has more than one value for a pixel.
  public static func read(_ path: String) throws -> Image {
    let frame = FrameShells.take()
    defer { FrameShells.give(frame) }
    try PictureFile().decode(path, into: frame)
    let picture = frame.pointee
    let format = AVPixelFormat(rawValue: picture.format)
    guard format == AV_PIX_FMT_PAL8 || format == AV_PIX_FMT_GRAY8, let base = picture.data.0 else {
      throw FramesError(
        .invalidData, "read", path, "a \(format.name) picture, not one value for each pixel",
        hint: "label pictures are gray or palette PNG, 8 bits")
    }
    let (width, height) = (Int(picture.width), Int(picture.height))
    let labels = [UInt8](unsafeUninitializedCapacity: width * height) { buffer, count in
      for row in 0..<height {
        (buffer.baseAddress! + row * width).update(from: base + row * Int(picture.linesize.0), count: width)
      }
      count = width * height
    }
    return Image(width: width, height: height, labels: labels)
  }
}
