// SPDX-License-Identifier: Apache-2.0

public import Addresses

/// Writes each frame as a picture of its own, numbered by its index.
public final class ImageSequenceWriter: FrameSink {
  public let pattern: PicturePattern
  public private(set) var framesWritten = 0
  private let writer: ImageWriter

  public init(_ pattern: PicturePattern, overwrite: Bool = false) {
    self.pattern = pattern
    writer = ImageWriter(overwrite: overwrite)
  }

  public func write(_ frame: Frame) throws {
    try writer.write(frame, to: pattern.path(frame.index))
    framesWritten += 1
  }

  public func finish(trailing: [Packet] = []) throws {}
}
