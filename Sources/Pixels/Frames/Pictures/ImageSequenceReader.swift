// SPDX-License-Identifier: Apache-2.0

internal import Addresses
public import Buffers
internal import CFFmpeg

/// Reads a picture, a folder of pictures (in natural order) or a quoted pattern as a film.
public final class ImageSequenceReader: FrameSource {
  public struct Options: Sendable {
    /// Pictures per second.
    public var rate = Ratio(25, 1)
    public var maxFrames: Int?
    /// Every n-th picture is read. At least 1.
    public var stride = 1
    public var rotation = Rotation.none
    public var matrix: ColorMatrix?
    public var range: ColorRange?

    public init() {}
  }

  public let info: SourceInfo
  /// In order; those that a stride or limit leaves out are not here.
  public let paths: [String]
  private let file = PictureFile()
  private let shaper: FrameShaper
  private let size: (width: Int32, height: Int32)
  private var place = 0
  private var first: UnsafeMutablePointer<AVFrame>?

  /// - Throws: notFound, permission, noFrames, invalidData.
  public init(_ path: String, options: Options = Options()) throws {
    precondition(options.rate.isKnown && options.stride > 0)
    let found = try PictureList.find(path).enumerated()
      .filter { $0.offset % options.stride == 0 }.map(\.element)
    paths = Array(found.prefix(options.maxFrames ?? found.count))
    guard let start = paths.first else {
      throw FramesError(.noFrames, "read", path, "none was asked for", hint: "raise the number of frames")
    }
    let frame = FrameShells.take()
    do {
      try file.decode(start, into: frame)
    } catch {
      FrameShells.give(frame)
      throw error
    }
    first = frame
    size = (frame.pointee.width, frame.pointee.height)
    shaper = FrameShaper(
      first: frame, rotation: options.rotation, matrix: options.matrix, range: options.range)
    let timeBase = TimeBase(options.rate.denominator, options.rate.numerator)
    let ending = PictureName.ending(of: start)
    info = SourceInfo(
      uri: path, codec: ending == "jpg" ? "jpeg" : ending, storedFormat: shaper.storedFormat,
      video: VideoFormat(
        format: shaper.format, width: shaper.width, height: shaper.height, timeBase: timeBase,
        rate: options.rate,
        color: shaper.color),
      isVariableRate: false, duration: timeBase.seconds(Int64(paths.count)), frameCountEstimate: paths.count,
      rotation: options.rotation)
  }

  deinit { if let first { FrameShells.give(first) } }

  /// - Throws: invalidData, sizeMismatch, each naming the file; the call after it goes on behind it.
  public func next() throws -> Frame? {
    guard place < paths.count else { return nil }
    let index = place
    place += 1
    let frame = first ?? FrameShells.take()
    if first == nil {
      do {
        try file.decode(paths[index], into: frame)
        try check(frame, paths[index])
      } catch {
        FrameShells.give(frame)
        throw error
      }
    }
    first = nil
    let isCorrupt = frame.pointee.flags & AV_FRAME_FLAG_CORRUPT != 0 || frame.pointee.decode_error_flags != 0
    let shaped = try shaper.shape(frame)
    return Frame(
      taking: shaped.handle, index: index, pts: Int64(index), duration: 1,
      timeBase: info.timeBase,
      color: shaper.color, sampleAspectRatio: Ratio(1, 1), sidePackets: [], isCorrupt: isCorrupt,
      isWritable: shaped.isWritable)
  }

  private func check(_ frame: UnsafeMutablePointer<AVFrame>, _ path: String) throws {
    let (width, height) = (frame.pointee.width, frame.pointee.height)
    guard (width, height) == size else {
      throw FramesError(
        .sizeMismatch, "read", path, "\(width)x\(height) after pictures of \(size.width)x\(size.height)",
        hint: "all pictures of a film have one size")
    }
  }
}
