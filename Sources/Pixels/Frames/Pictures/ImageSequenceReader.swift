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
    /// A turn in place of the one that each picture asks for.
    public var rotation: Rotation?
    /// Gray pictures come with chroma, so that they can be drawn on in colours.
    public var colorsGray = false
    public var matrix: ColorMatrix?
    public var range: ColorRange?

    public init() {}
  }

  public let info: SourceInfo
  /// In order; those that a stride or limit leaves out are not here.
  public let paths: [String]
  private let file = PictureFile()
  private let shaper: FrameShaper
  private let rotation: Rotation?
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
    rotation = options.rotation
    let orientation = options.rotation.map { Orientation($0) } ?? Orientation(of: frame)
    shaper = FrameShaper(
      first: frame, orientation, matrix: options.matrix, range: options.range,
      colorsGray: options.colorsGray)
    let timeBase = TimeBase(options.rate.denominator, options.rate.numerator)
    let ending = PictureName.ending(of: start)
    info = SourceInfo(
      uri: path, codec: ending == "jpg" ? "jpeg" : ending, storedFormat: shaper.storedFormat,
      video: VideoFormat(
        format: shaper.format, width: shaper.width, height: shaper.height, timeBase: timeBase,
        rate: options.rate,
        color: shaper.color),
      isVariableRate: false, duration: timeBase.seconds(Int64(paths.count)), frameCountEstimate: paths.count,
      rotation: orientation.rotation)
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
    let shaped = try shaper.shape(frame, turned: orientation(of: frame))
    return Frame(
      taking: shaped.handle, index: index, pts: Int64(index), duration: 1,
      timeBase: info.timeBase,
      color: shaper.color, sampleAspectRatio: Ratio(1, 1), sidePackets: [], isCorrupt: isCorrupt,
      isWritable: shaped.isWritable)
  }

  private func orientation(of frame: UnsafePointer<AVFrame>) -> Orientation {
    rotation.map { Orientation($0) } ?? Orientation(of: frame)
  }

  private func check(_ frame: UnsafeMutablePointer<AVFrame>, _ path: String) throws {
    let swapsSides = orientation(of: frame).rotation.swapsSides
    let (width, height) = (Int(frame.pointee.width), Int(frame.pointee.height))
    let upright = swapsSides ? (height, width) : (width, height)
    guard upright == (shaper.width, shaper.height) else {
      throw FramesError(
        .sizeMismatch, "read", path,
        "\(upright.0)x\(upright.1) after pictures of \(shaper.width)x\(shaper.height)",
        hint: "all pictures of a film have one size")
    }
  }
}
