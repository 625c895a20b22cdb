// SPDX-License-Identifier: Apache-2.0

public import Buffers
internal import CFFmpeg

/// Reads the pictures of a camera through the kernel's interface, each with the time at which it was taken.
///
/// Damaged pictures are counted and passed over. `Camera.open` makes readers.
public final class CameraReader: FrameSource {
  public struct Options: Sendable {
    public var wishes = CameraWishes()
    /// Every n-th picture is delivered. At least 1.
    public var stride = 1
    public var rotation: Rotation?
    public var matrix: ColorMatrix?
    public var range: ColorRange?
    /// Of several pictures that wait, only the newest is delivered.
    public var takesNewest = true
    /// Seconds that the camera may take for one picture.
    public var stallTimeout = 4.5
    /// Frames whose memory is taken at the start.
    public var reserve = 0
    public var interrupt: InterruptFlag?
    /// Where pictures that the camera lost by itself are counted.
    public var journal: SourceJournal?

    public init() {}
  }

  static let timeBase = TimeBase(1, 90_000)

  public let info: SourceInfo
  public private(set) var leftOut = FramesLeftOut()
  public private(set) var arrival: FrameArrival?
  private let options: Options
  private let stream: CaptureStream
  private let decoder: CameraDecoder
  private let shaper: FrameShaper
  private var clock: TimestampClock
  private var isRunning = false
  /// When the first picture was taken, in nanoseconds.
  private var origin: UInt64?
  private var missing = 0
  private var taken = 0
  private var delivered = 0

  init(_ path: String, uri: String, options: Options) throws {
    self.options = options
    let device = try VideoDevice(path)
    try device.needCamera("open")
    let node = CameraTree().all.first { $0.path == SystemFile.resolved(path) }
    var plan = try CameraPlan(device, wishes: options.wishes, model: node?.identity.model)
    stream = try CaptureStream(device, plan, interrupt: options.interrupt)
    plan.settle(width: Int(stream.picture.width), height: Int(stream.picture.height))
    decoder = try CameraDecoder(plan.format, stream.picture, subject: path, reserve: options.reserve)
    let rate = plan.mode.rate
    clock = TimestampClock(
      usualDuration: CameraReader.timeBase.ticks(rate.isKnown ? 1 / rate.value : 1.0 / 30),
      tolerance: CameraReader.timeBase.ticks(1))

    // The first picture tells what will come; it will be old by the time that it is wanted.
    var ignored = FramesLeftOut()
    let first = try CameraReader.picture(of: stream, decoder, options, &ignored).handle
    defer { FrameShells.give(first) }
    shaper = FrameShaper(
      first: first, Orientation(options.rotation ?? .none), matrix: options.matrix, range: options.range,
      colorsGray: false)
    info = plan.info(
      uri: uri,
      video: VideoFormat(
        format: shaper.format, width: shaper.width, height: shaper.height, timeBase: CameraReader.timeBase,
        rate: rate.isKnown ? Ratio(rate.numerator, rate.denominator * Int32(options.stride)) : rate,
        color: shaper.color),
      rotation: shaper.orientation.rotation)
  }

  /// - Throws: gone, stalled, interrupted.
  public func next() throws -> Frame? {
    if !isRunning {
      // What piled up since the start is of no interest.
      while let filled = try stream.takeReady() { try stream.giveBack(filled.index) }
      missing = stream.missing
      isRunning = true
    }
    var waited: UInt64 = 0
    while true {
      let picture = try CameraReader.picture(of: stream, decoder, options, &leftOut)
      waited += picture.waited
      noteMissing()
      let (stamp, time) = stamp(picture.nanoseconds)
      taken += 1
      guard (taken - 1) % options.stride == 0 else {
        FrameShells.give(picture.handle)
        continue
      }
      arrival = FrameArrival(at: time, waited: waited)
      let shaped = try shaper.shape(picture.handle)
      let frame = Frame(
        taking: shaped.handle, index: delivered, pts: stamp.pts,
        duration: stamp.duration * Int64(options.stride), timeBase: CameraReader.timeBase,
        color: shaper.color,
        sampleAspectRatio: info.video.sampleAspectRatio, sidePackets: [], isCorrupt: false, isWritable: true)
      delivered += 1
      return frame
    }
  }

  /// The timestamp of a picture, and when it was taken.
  private func stamp(_ nanoseconds: UInt64?) -> ((pts: Int64, duration: Int64), UInt64) {
    // A time that cannot be is not believed: clocks wrap, and some cameras have odd ones.
    let now = IOGuard.now()
    let isLikely = nanoseconds.map { $0 <= now + 100_000_000 && now <= $0 + 10_000_000_000 } ?? false
    let time = isLikely ? nanoseconds! : now
    let start = origin ?? time
    origin = start
    let passed = (Double(time) - Double(start)) / 1e9
    return (clock.stamp(pts: CameraReader.timeBase.ticks(passed), duration: 0), min(time, now))
  }

  private func noteMissing() {
    let new = stream.missing - missing
    missing = stream.missing
    if new > 0 { options.journal?.note { $0.missingFrames += new } }
  }

  private struct Picture {
    var handle: UnsafeMutablePointer<AVFrame>
    var nanoseconds: UInt64?
    var waited: UInt64
  }

  /// The next picture that is whole.
  private static func picture(
    of stream: CaptureStream, _ decoder: CameraDecoder, _ options: Options, _ leftOut: inout FramesLeftOut
  ) throws -> Picture {
    let begin = IOGuard.now()
    let deadline = begin + UInt64(options.stallTimeout * 1e9)
    var sawDamage = false
    var waited: UInt64 = 0
    while true {
      let wait = IOGuard.now()
      let next = try stream.take(until: deadline)
      waited += IOGuard.now() - wait
      guard var filled = next, IOGuard.now() < deadline || !sawDamage else {
        throw FramesError(
          .stalled, "read", stream.device.path,
          (sawDamage ? "only damaged pictures" : "no picture") + " for \(decimal(options.stallTimeout)) s",
          hint: "check its cable; another port, a smaller --size or another --pixel-format may help")
      }
      while options.takesNewest, let newer = try stream.takeReady() {
        if filled.isDamaged { leftOut.corrupt += 1 } else { leftOut.busy += 1 }
        try stream.giveBack(filled.index)
        filled = newer
      }
      let copy = filled.isDamaged ? nil : decoder.copy(filled.bytes)
      // An unplugged camera does not take its buffer back; the picture is whole all the same.
      let isTaken = Result { try stream.giveBack(filled.index) }
      if let copy, let handle = decoder.picture(copy) {
        return Picture(
          handle: handle, nanoseconds: filled.nanoseconds, waited: waited)
      }
      leftOut.corrupt += 1
      sawDamage = true
      try isTaken.get()
    }
  }
}
