// SPDX-License-Identifier: Apache-2.0

internal import CFFmpeg
internal import CVideo4Linux

/// The colour tags of a camera's raw pictures, by the kernel's rules for what the driver left open.
struct CameraColors: Hashable {
  var matrix = AVCOL_SPC_UNSPECIFIED
  var primaries = AVCOL_PRI_UNSPECIFIED
  var range = AVCOL_RANGE_UNSPECIFIED

  init(_ picture: v4l2_pix_format, isRGB: Bool) {
    let space = v4l2_colorspace(picture.colorspace)
    switch space {
    case V4L2_COLORSPACE_DEFAULT: break
    case V4L2_COLORSPACE_REC709, V4L2_COLORSPACE_SRGB, V4L2_COLORSPACE_JPEG: primaries = AVCOL_PRI_BT709
    case V4L2_COLORSPACE_SMPTE170M: primaries = AVCOL_PRI_SMPTE170M
    case V4L2_COLORSPACE_470_SYSTEM_BG: primaries = AVCOL_PRI_BT470BG
    case V4L2_COLORSPACE_BT2020: primaries = AVCOL_PRI_BT2020
    default: break
    }
    if isRGB { return }
    switch v4l2_ycbcr_encoding(picture.ycbcr_enc) {
    case V4L2_YCBCR_ENC_601, V4L2_YCBCR_ENC_XV601: matrix = AVCOL_SPC_SMPTE170M
    case V4L2_YCBCR_ENC_709, V4L2_YCBCR_ENC_XV709: matrix = AVCOL_SPC_BT709
    case V4L2_YCBCR_ENC_BT2020, V4L2_YCBCR_ENC_BT2020_CONST_LUM: matrix = AVCOL_SPC_BT2020_NCL
    case V4L2_YCBCR_ENC_SMPTE240M: matrix = AVCOL_SPC_SMPTE240M
    default:
      switch space {
      case V4L2_COLORSPACE_DEFAULT: break
      case V4L2_COLORSPACE_REC709, V4L2_COLORSPACE_DCI_P3: matrix = AVCOL_SPC_BT709
      case V4L2_COLORSPACE_BT2020: matrix = AVCOL_SPC_BT2020_NCL
      case V4L2_COLORSPACE_SMPTE240M: matrix = AVCOL_SPC_SMPTE240M
      default: matrix = AVCOL_SPC_SMPTE170M
      }
    }
    switch v4l2_quantization(picture.quantization) {
    case V4L2_QUANTIZATION_FULL_RANGE: range = AVCOL_RANGE_JPEG
    case V4L2_QUANTIZATION_LIM_RANGE: range = AVCOL_RANGE_MPEG
    default: range = space == V4L2_COLORSPACE_JPEG ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG
    }
  }

  func apply(to frame: UnsafeMutablePointer<AVFrame>) {
    frame.pointee.colorspace = matrix
    frame.pointee.color_primaries = primaries
    frame.pointee.color_range = range
  }
}
