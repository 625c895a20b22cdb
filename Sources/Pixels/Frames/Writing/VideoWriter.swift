// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import CFFmpeg

/// How much of a recording a crash may cost, in containers that can limit it.
public enum Fragmentation: Sendable, Hashable {
  /// Fragments of about so many seconds; each plays once it is written.
  case every(Double)
  /// One index at the end: nothing plays without it.
  case none
  /// As `none`, with the index moved to the front when the file is complete.
  case fastStart

  var seconds: Double? {
    if case .every(let seconds) = self { return seconds }
    return nil
  }
}

/// Encodes frames into a file or stream: same count, timestamps, colour tags and sound as they came with.
public final class VideoWriter: FrameSink {
  public struct Options: Sendable {
    public var encoder = EncoderOptions()
    /// FFmpeg's name of the container; from the path where `nil`, Matroska for `-`.
    public var container: String?
    public var fragment = Fragmentation.every(0.5)
    public var overwrite = false
    public var interrupt: InterruptFlag?
    public var metadata: [String: String] = [:]
    public var chapters: [Chapter] = []
    /// Added to every timestamp, in ticks of the pictures' time base.
    public var shift: Int64 = 0
    /// Closed fragments are forced to the disk as they come; else the whole file is when it ends.
    public var synchronizesFragments = false
    /// The source may go on for ever: a playlist keeps its last segments only.
    public var isEndless = false
    public var sound = SoundMode.auto
    /// Seconds that connecting to a peer, or one write to it, may take.
    public var peerTimeout = 10.0

    public init() {}
  }

  public let path: String
  /// As asked for; frames of another format, size or range are converted.
  public let video: VideoFormat
  public private(set) var framesWritten = 0
  /// Seconds of the source behind the last frame that was written.
  public private(set) var endTime = 0.0
  private let encoder: Encoder
  private let muxer: Muxer
  private let packet: UnsafeMutablePointer<AVPacket>
  private var failure: FramesError?
  private var isFinished = false
  /// `nil` where closed fragments are left to the system.
  private var unsafeSpan: UnsafeSpan?

  /// - Parameter audio: tracks whose packets come with the frames.
  /// - Throws: exists, cannotCreate, permission, unsupportedEncoder, unsupportedOutput.
  public init(_ path: String, video: VideoFormat, audio: [AudioStream] = [], options: Options = Options())
    throws
  {
    self.path = path
    self.video = video
    // The encoder first: a wrong name must not leave an empty file.
    let container = options.container ?? Muxer.container(for: path)
    let wantsHeader = VideoWriter.wantsGlobalHeader(path, container)
    encoder = try Encoder(options.encoder, video: video, globalHeader: wantsHeader, subject: path)
    if options.synchronizesFragments { unsafeSpan = UnsafeSpan(limit: options.fragment.seconds ?? .infinity) }
    muxer = try Muxer(
      path, container: container, fragment: options.fragment, overwrite: options.overwrite,
      shift: options.shift, guardian: IOGuard(options.interrupt), peerTimeout: options.peerTimeout)
    muxer.isEndless = options.isEndless
    try muxer.add(encoder, rate: video.rate, audio: audio, mode: options.sound, metadata: options.metadata)
    muxer.add(options.chapters)
    packet = av_packet_alloc()
  }

  deinit {
    var packet: UnsafeMutablePointer<AVPacket>? = packet
    av_packet_free(&packet)
  }

  /// What becomes of the sound tracks, in the order given.
  public var soundFates: [SoundFate] { muxer.fates }

  /// What would become of sound tracks in an output, before it is opened.
  ///
  /// - Parameter container: FFmpeg's name; by the path where `nil`.
  public static func soundFates(
    of audio: [AudioStream], in path: String, container name: String? = nil, _ mode: SoundMode
  ) -> [SoundFate] {
    let container = Container(named: name ?? Muxer.container(for: path), path: path)
    return audio.map { container?.fate(of: $0, mode) ?? .leftOut("there is no such container") }
  }

  public var bytesWritten: Int64 { muxer.bytesWritten }

  /// - Throws: diskFull, io, interrupted. What was written before plays; further calls throw the same.
  public func write(_ frame: Frame) throws {
    precondition(!isFinished || failure != nil, "a frame written to \(path) after its end")
    try guarded {
      muxer.queue(frame.sidePackets)
      try encoder.send(frame)
      framesWritten += 1
      endTime = frame.timeBase.seconds(frame.pts + frame.duration)
      try drain()
    }
  }

  public func finish(trailing: [Packet] = []) throws {
    guard !isFinished else { return }
    isFinished = true
    try guarded {
      muxer.queue(trailing)
      try encoder.send(nil)
      try drain()
      try muxer.finish()
    }
  }

  private func drain() throws {
    while try encoder.receive(into: packet) {
      let isClosing = unsafeSpan?.closes(
        before: muxer.videoTimeBase.seconds(packet.pointee.pts),
        isKey: packet.pointee.flags & AV_PKT_FLAG_KEY != 0)
      try muxer.write(packet)
      if isClosing == true { try muxer.synchronize() }
    }
  }

  /// Runs `body`, and keeps the first error with how far the file got.
  private func guarded(_ body: () throws -> Void) throws {
    if let failure { throw failure }
    do {
      try body()
    } catch var error as FramesError {
      if error.operation == "write" {
        error.cause += " after \(clockText(endTime)) (\(byteText(bytesWritten)) written)"
      }
      failure = error
      isFinished = true
      throw error
    }
  }

  private static func wantsGlobalHeader(_ path: String, _ container: String?) -> Bool {
    guard let format = av_guess_format(container, path, nil) else {
      return false
    }
    return format.pointee.flags & AVFMT_GLOBALHEADER != 0
  }
}

/// Decimal units, one decimal.
func byteText(_ bytes: Int64) -> String {
  var value = Double(bytes)
  for unit in ["B", "kB", "MB", "GB"] {
    if value < 1000 || unit == "GB" {
      let tenths = Int((value * 10).rounded())
      return unit == "B" ? "\(bytes) B" : "\(tenths / 10).\(tenths % 10) \(unit)"
    }
    value /= 1000
  }
  return "\(bytes) B"
}

/// The fragment that is being written, which a power cut would cost.
private struct UnsafeSpan {
  let limit: Double
  private var start: Double?

  init(limit: Double) { self.limit = limit }

  /// Whether the packet at `time` in seconds begins the next fragment: a key frame, or one a fragment's length on.
  mutating func closes(before time: Double, isKey: Bool) -> Bool {
    guard let start, !isKey, time - start < limit else {
      start = time
      return true
    }
    return false
  }
}
