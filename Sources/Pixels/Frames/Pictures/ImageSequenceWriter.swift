// SPDX-License-Identifier: Apache-2.0

public import Addresses

/// Writes each frame as a picture of its own, numbered by its index or named as the picture that it was made of.
public final class ImageSequenceWriter: FrameSink {
  public let pattern: PicturePattern
  public private(set) var framesWritten = 0
  private let names: [String]
  private let writer: ImageWriter

  /// - Parameter names: of the source's pictures, in order, if they have any.
  public init(_ pattern: PicturePattern, names: [String] = [], overwrite: Bool = false) {
    self.pattern = pattern
    self.names = names
    writer = ImageWriter(overwrite: overwrite)
  }

  public func write(_ frame: Frame) throws {
    try writer.write(frame, to: pattern.path(frame.index, names: names))
    framesWritten += 1
  }

  public func finish(trailing: [Packet] = []) throws {}
}
