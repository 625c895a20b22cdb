// SPDX-License-Identifier: Apache-2.0

internal import CFFmpeg

/// How pictures are compressed.
public struct EncoderOptions: Sendable, Hashable {
  /// FFmpeg's name of the encoder: libx264, libx265, mpeg4, ffv1, mjpeg, h264_v4l2m2m…
  public var name = "libx264"
  /// 0 (lossless) … 51; for encoders without it the default is a fine quantiser.
  public var crf: Double? = 23
  /// Bits per second; replaces `crf`.
  public var bitrate: Int?
  public var preset = "veryfast"
  /// Seconds from a key frame to the next.
  public var gop = 1.0
  /// FFmpeg's threads for the encoder.
  public var threads = 1
  /// No frames are held back for looking ahead: for live outputs.
  public var zeroLatency = false
  /// Further options of the encoder, by FFmpeg's names.
  public var extra: [String: String] = [:]

  /// The fixed quantizer of mpeg4 and mjpeg without `bitrate`, from 1 (best) to 31.
  static let quantizer: Int32 = 3

  /// What decides about size and quality, in words: "crf 23", "2000000 bit/s", "quantizer 3", "lossless".
  public var quality: String {
    if let bitrate { return "\(bitrate) bit/s" }
    switch name {
    case "libx264", "libx265":
      let value = crf ?? 23
      return "crf " + (value == value.rounded() ? "\(Int(value))" : "\(value)")
    case "mpeg4", "mjpeg": return "quantizer \(EncoderOptions.quantizer)"
    case "ffv1": return "lossless"
    default: return "its own quality"
    }
  }

  public init(name: String = "libx264") { self.name = name }

  /// FFV1 version 3 as label videos use it: every frame for itself, each slice with its checksum.
  public static func labels(threads: Int) -> EncoderOptions {
    var options = EncoderOptions(name: "ffv1")
    options.threads = threads
    options.gop = 0
    // A fixed number of slices: the bytes must not depend on the machine.
    options.extra = ["level": "3", "slicecrc": "1", "slices": "4", "g": "1"]
    return options
  }

  /// The presets of libx264 and libx265, the fastest first.
  public static let presets = [
    "ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow", "placebo",
  ]

  /// The picture encoders of this FFmpeg that we know to work, in order of preference.
  public static var available: [String] {
    let known = [
      "libx264", "libx265", "h264_v4l2m2m", "h264_vaapi", "libsvtav1", "mpeg4", "ffv1", "mjpeg",
    ]
    return known.filter { avcodec_find_encoder_by_name($0) != nil }
  }

  func dictionary(_ codec: AVCodecID, _ context: UnsafeMutablePointer<AVCodecContext>) -> OpaquePointer? {
    var dictionary: OpaquePointer?
    let isX26x = name == "libx264" || name == "libx265"
    if isX26x {
      av_dict_set(&dictionary, "preset", preset, 0)
      if zeroLatency { av_dict_set(&dictionary, "tune", "zerolatency", 0) }
      av_dict_set(&dictionary, "forced-idr", "1", 0)
    }
    if name == "libx265" { av_dict_set(&dictionary, "x265-params", "log-level=error", 0) }
    if let bitrate {
      context.pointee.bit_rate = Int64(bitrate)
    } else if isX26x {
      av_dict_set(&dictionary, "crf", "\(crf ?? 23)", 0)
    } else if codec == AV_CODEC_ID_MPEG4 || codec == AV_CODEC_ID_MJPEG {
      context.pointee.flags |= AV_CODEC_FLAG_QSCALE
      context.pointee.global_quality = EncoderOptions.quantizer * FF_QP2LAMBDA
    }
    if codec == AV_CODEC_ID_FFV1 {
      av_dict_set(&dictionary, "level", "3", 0)
      av_dict_set(&dictionary, "slicecrc", "1", 0)
    }
    for (key, value) in extra { av_dict_set(&dictionary, key, value, 0) }
    return dictionary
  }
}
