// SPDX-License-Identifier: Apache-2.0

internal import Addresses
public import Buffers
internal import CFFmpeg

/// What a stream of frames is made of: enough to set up an output that matches it.
public struct VideoFormat: Sendable, Hashable {
  public var format: PixelFormat
  /// Pixels.
  public var width: Int
  public var height: Int
  public var timeBase: TimeBase
  /// Frames per second on average; unknown for stills and some streams.
  public var rate: Ratio
  public var color: ColorTags
  public var sampleAspectRatio: Ratio

  public init(
    format: PixelFormat, width: Int, height: Int, timeBase: TimeBase, rate: Ratio, color: ColorTags,
    sampleAspectRatio: Ratio = Ratio(1, 1)
  ) {
    self.format = format
    self.width = width
    self.height = height
    self.timeBase = timeBase
    self.rate = rate
    self.color = color
    self.sampleAspectRatio = sampleAspectRatio
  }
}

/// A named part of a film, in seconds of the frames' clock.
public struct Chapter: Sendable, Hashable {
  public var start: Double
  public var end: Double
  public var title: String?
}

/// What is known of a source once it is open.
public struct SourceInfo: Sendable {
  /// As the user wrote it.
  public var uri: String
  public var codec: String
  /// The pixel format as stored, in FFmpeg's names.
  public var storedFormat: String
  /// The frames as delivered: rotated, and in a format of ours.
  public var video: VideoFormat
  /// `nil` where the container does not say enough to tell.
  public var isVariableRate: Bool?
  /// Seconds.
  public var duration: Double?
  public var frameCountEstimate: Int?
  /// The turn that was applied to the stored pictures.
  public var rotation: Rotation
  public var audio: [AudioStream]
  public var metadata: [String: String]
  /// Of pictures that are files: a name for what is made of each, without ending. Empty for films.
  public var pictureNames: [String] = []
  /// All picture tracks of the source, and the number of the one that is read, from 1; none for pictures and cameras.
  public var tracks: [PictureTrack] = []
  public var track = 1
  /// Tracks of subtitles, data and attachments.
  public var beside: [AudioStream] = []
  public var chapters: [Chapter] = []
  /// Recordings that are played as one; 1 for all else. And whether they have chapters, subtitles or data, which a
  /// film of several does not keep.
  public var clips = 1
  public var clipsHaveMore = false
  /// Of the same drive, and not played.
  public var otherCameras: [String] = []
  /// The turned picture was mirrored too.
  public var isMirrored = false
  /// What filters do to the pictures before anyone sees them, in words.
  public var treatment: [String] = []
  /// One line in place of `summary`, where the source is no file with a codec.
  var ownSummary: String?

  public init(
    uri: String, codec: String, storedFormat: String, video: VideoFormat, isVariableRate: Bool? = nil,
    duration: Double? = nil, frameCountEstimate: Int? = nil, rotation: Rotation = .none,
    audio: [AudioStream] = [], metadata: [String: String] = [:], tracks: [PictureTrack] = [], track: Int = 1,
    beside: [AudioStream] = [], chapters: [Chapter] = []
  ) {
    self.uri = uri
    self.codec = codec
    self.storedFormat = storedFormat
    self.video = video
    self.isVariableRate = isVariableRate
    self.duration = duration
    self.frameCountEstimate = frameCountEstimate
    self.rotation = rotation
    self.audio = audio
    self.metadata = metadata
    self.tracks = tracks
    self.track = track
    self.beside = beside
    self.chapters = chapters
  }
}

extension SourceInfo {
  public var width: Int { video.width }
  public var height: Int { video.height }
  public var timeBase: TimeBase { video.timeBase }
  public var color: ColorTags { video.color }

  /// `dashcam.mp4  h264 1920x1080  29.97 fps constant  bt709 limited  audio aac  00:01:30`, each
  /// part left out where unknown.
  public var summary: String {
    if let ownSummary { return ownSummary }
    var parts = [clips > 1 ? "\(name) and \(clips - 1) more" : name, "\(codec) \(width)x\(height)"]
    if video.rate.isKnown {
      let kind =
        switch isVariableRate {
        case true?: " variable"
        case false?: " constant"
        case nil: ""
        }
      parts.append("\(decimal(video.rate.value)) fps\(kind)")
    }
    parts.append("\(color.matrix) \(color.range)\(color.isGuessed ? " (guessed)" : "")")
    if rotation != .none { parts.append("rotated \(rotation.rawValue)") }
    if isMirrored { parts.append("mirrored") }
    parts += treatment
    if tracks.count > 1 { parts.append("track \(track) of \(tracks.count)") }
    if !audio.isEmpty { parts.append("audio " + audio.map(\.codec).joined(separator: ", ")) }
    if let duration { parts.append(clockText(duration)) }
    return parts.joined(separator: "  ")
  }

  /// When it was made, in seconds of 1970, where it says so.
  var creationTime: Double? {
    var time: Int64 = 0
    guard let text = metadata["creation_time"], av_parse_time(&time, text, 0) >= 0, time > 0 else {
      return nil
    }
    return Double(time) / 1e6
  }

  /// What the source says of itself that is as true of its labelled film: place, time, make. What describes its own
  /// container is not.
  public var tags: [String: String] {
    let own: Set = [
      "major_brand", "minor_version", "compatible_brands", "encoder", "encoder_settings",
      "handler_name", "vendor_id", "language", "duration", "number_of_frames", "number_of_bytes", "bps",
      "variant_bitrate", "service_name", "service_provider", "rotate", "title-eng",
    ]
    return metadata.filter { key, _ in !own.contains(key.lowercased()) && !key.hasPrefix("_STATISTICS") }
  }

  /// The last part of the path; addresses stay whole, but for passwords.
  public var name: String {
    if let stream = StreamAddress(uri) { return stream.redacted }
    return uri.split(separator: "/").last.map(String.init) ?? uri
  }
}

/// Seconds as `HH:MM:SS`, rounded down.
func clockText(_ seconds: Double) -> String {
  let total = Int(max(0, seconds))
  let fields = [total / 3600, total / 60 % 60, total % 60]
  return fields.map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
}

/// At most two decimals, none where the value is whole.
func decimal(_ value: Double) -> String {
  let hundredths = Int((value * 100).rounded())
  if hundredths % 100 == 0 { return "\(hundredths / 100)" }
  let rest = hundredths % 100
  let digits = rest < 10 ? "0\(rest)" : rest % 10 == 0 ? "\(rest / 10)" : "\(rest)"
  return "\(hundredths / 100).\(digits)"
}
