// SPDX-License-Identifier: Apache-2.0

public import Buffers
internal import CFFmpeg

extension VideoReader {
  public struct Options: Sendable {
    /// FFmpeg's threads for the decoder; frames come out later by about as many.
    public var threads = 1
    /// Seconds from the start of the source. Frames before it are dropped, and it becomes time 0 unless
    /// `keepsSourceTime`.
    public var start: Double?
    /// Seconds from the start of the source; frames from here on are not delivered.
    public var end: Double?
    /// Seconds from `start`; where both are given, the earlier of it and `end` counts.
    public var duration: Double?
    public var maxFrames: Int?
    /// Every n-th frame is delivered, and lasts n times as long. At least 1.
    public var stride = 1
    public var keepsSourceTime = false
    /// A turn in place of the one that the source asks for.
    public var rotation: Rotation?
    public var matrix: ColorMatrix?
    public var range: ColorRange?
    /// Which picture track, from 1 in the order of the file; the film, or the best variant of one.
    public var track: Int?
    public var deinterlacing = Deinterlacing.auto
    public var hdr = HDRMode.map
    /// Gray pictures come with chroma, so that they can be drawn on in colours.
    public var colorsGray = false
    public var discardCorrupt = false
    public var keepAudio = true
    /// Subtitles, data and attachments.
    public var keepBeside = true
    public var interrupt: InterruptFlag?
    /// Seconds that opening and finding the streams may take.
    public var connectTimeout: Double?
    /// Seconds that one packet may take.
    public var stallTimeout: Double?
    /// A demuxer's name where the contents do not tell, and options for it.
    public var inputFormat: String?
    public var inputOptions: [String: String] = [:]
    public var transport = Transport.tcp
    /// The pictures come when they come: `nil` decides by the address, and for network addresses by
    /// whether a length is known once they are open. A live reader ignores `start`, `end`, `duration` and
    /// `maxFrames`, which belong to whoever joins its openings.
    public var isLive: Bool?

    /// A live reader whose decoding falls behind leaves pictures out until it has caught up.
    public var catchesUp = false

    public init() {}
  }

  /// What RTSP sends its packets over. `auto` is for FFmpeg to choose: UDP first.
  public enum Transport: String, Sendable, CaseIterable { case tcp, udp, auto }
}

/// The part of a source that is wanted, in ticks of its picture stream.
struct TimeWindow {
  let timeBase: TimeBase
  /// The source's first timestamp.
  let origin: Int64
  let start: Int64
  let end: Int64
  /// Subtracted from every timestamp.
  let rebase: Int64

  /// - Parameter isRebased: the source's first timestamp becomes time 0, unless `keepsSourceTime`.
  init(_ options: VideoReader.Options, startTime: Int64, timeBase: TimeBase, isRebased: Bool = false) {
    self.timeBase = timeBase
    let reach = Int64(1) << 60
    origin = max(-reach, min(TimeBase.microseconds.convert(startTime, to: timeBase), reach))
    start = options.start.map { [origin] in origin + timeBase.ticks($0) } ?? Int64.min
    let begin = options.start ?? 0
    let limits = [options.end, options.duration.map { begin + $0 }].compactMap { $0 }
    end = limits.min().map { [origin] in origin + timeBase.ticks($0) } ?? Int64.max
    rebase = options.keepsSourceTime ? 0 : options.start == nil ? (isRebased ? origin : 0) : start
  }

  /// The sound within the window, moved as the pictures are.
  func cut(_ packets: [Packet], end: Int64? = nil) -> [Packet] {
    let end = min(self.end, end ?? Int64.max)
    if start == Int64.min && end == Int64.max && rebase == 0 { return packets }
    // In seconds: the pictures' clock may be too coarse for sound.
    let first = start == Int64.min ? -Double.infinity : timeBase.seconds(start) - 1e-6
    let last = end == Int64.max ? Double.infinity : timeBase.seconds(end) - 1e-6
    return packets.filter { packet in
      guard let pts = packet.pts else { return true }
      let time = packet.timeBase.seconds(pts)
      guard time >= first && time < last else { return false }
      packet.shift(by: -timeBase.convert(rebase, to: packet.timeBase))
      return true
    }
  }
}
