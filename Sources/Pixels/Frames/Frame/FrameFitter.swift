// SPDX-License-Identifier: Apache-2.0

/// Brings finished frames to a given size, format and colours.
final class FrameFitter {
  private let video: VideoFormat
  private let converter = FrameConverter()
  private let allocator = FrameAllocator()

  init(_ video: VideoFormat) { self.video = video }

  /// The frame itself where it fits, else a scaled copy with the same place in time.
  ///
  /// - Throws: `FramesError.Kind.invalidData` for a pair of formats that libswscale does not know.
  func fit(_ frame: Frame) throws -> Frame {
    let (from, to) = (frame.color, video.color)
    if frame.width == video.width && frame.height == video.height && frame.format == video.format
      && from.matrix == to.matrix && from.range == to.range
    {
      return frame
    }
    let fitted = allocator.frame(
      like: frame, format: video.format, width: video.width, height: video.height, color: to,
      sampleAspectRatio: video.sampleAspectRatio)
    try converter.convert(frame.handle, (from.matrix, from.range), to: fitted.handle, (to.matrix, to.range))
    return fitted
  }
}
