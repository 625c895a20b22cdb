// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import CFFmpeg

extension AVPixelFormat {
  /// FFmpeg's deprecated formats that mean "full range".
  var impliesFullRange: Bool {
    self == AV_PIX_FMT_YUVJ420P || self == AV_PIX_FMT_YUVJ422P || self == AV_PIX_FMT_YUVJ444P
  }

  /// The same layout without a range in its name.
  var withoutRange: AVPixelFormat {
    switch self {
    case AV_PIX_FMT_YUVJ420P: AV_PIX_FMT_YUV420P
    case AV_PIX_FMT_YUVJ422P: AV_PIX_FMT_YUV422P
    case AV_PIX_FMT_YUVJ444P: AV_PIX_FMT_YUV444P
    default: self
    }
  }

  var name: String {
    guard let text = av_get_pix_fmt_name(self) else { return "unknown" }
    return String(cString: text)
  }

  var isRGB: Bool {
    guard let description = av_pix_fmt_desc_get(self) else { return false }
    let flags = description.pointee.flags
    return flags & UInt64(AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL) != 0
  }

  /// True where the format has no chroma at all.
  var isGray: Bool {
    guard let description = av_pix_fmt_desc_get(self) else { return false }
    return description.pointee.nb_components == 1 && !isRGB
  }
}

extension PixelFormat {
  var av: AVPixelFormat {
    switch self {
    case .yuv420p: AV_PIX_FMT_YUV420P
    case .nv12: AV_PIX_FMT_NV12
    case .yuv422p: AV_PIX_FMT_YUV422P
    case .yuv444p: AV_PIX_FMT_YUV444P
    case .gray8: AV_PIX_FMT_GRAY8
    }
  }

  /// The format that holds FFmpeg's layout as it is, or `nil` where it needs conversion.
  init?(_ format: AVPixelFormat) {
    switch format.withoutRange {
    case AV_PIX_FMT_YUV420P: self = .yuv420p
    case AV_PIX_FMT_NV12: self = .nv12
    case AV_PIX_FMT_YUV422P: self = .yuv422p
    case AV_PIX_FMT_YUV444P: self = .yuv444p
    case AV_PIX_FMT_GRAY8: self = .gray8
    default: return nil
    }
  }
}
