// SPDX-License-Identifier: Apache-2.0

public import Buffers
internal import CFFmpeg

/// How a picture's code values stand for colours, as used here and as the source said it.
public struct ColorTags: Sendable, Hashable {
  /// The matrix that conversions use.
  public var matrix: ColorMatrix
  /// The range that conversions use.
  public var range: ColorRange

  /// The source's own words, as code points of ITU-T H.273; 2 = unspecified.
  public var primariesCode: Int32
  public var transferCode: Int32
  public var matrixCode: Int32

  /// True where the source named no matrix and the picture's height decided.
  public var isGuessed: Bool

  public init(
    matrix: ColorMatrix, range: ColorRange, primariesCode: Int32 = 2, transferCode: Int32 = 2,
    matrixCode: Int32? = nil, isGuessed: Bool = false
  ) {
    self.matrix = matrix
    self.range = range
    self.primariesCode = primariesCode
    self.transferCode = transferCode
    self.matrixCode = matrixCode ?? matrix.code
    self.isGuessed = isGuessed
  }

  /// What an untagged picture is taken for: BT.709 from 720 lines up, else BT.601; limited range.
  public static func guess(height: Int, range: ColorRange = .limited) -> ColorTags {
    ColorTags(matrix: height >= 720 ? .bt709 : .bt601, range: range, isGuessed: true)
  }

  /// The same tags with a matrix or range that the user insists on.
  public func overriding(matrix: ColorMatrix?, range: ColorRange?) -> ColorTags {
    var tags = self
    if let matrix {
      tags.matrix = matrix
      tags.matrixCode = matrix.code
      tags.isGuessed = false
    }
    if let range { tags.range = range }
    return tags
  }
}

extension ColorMatrix {
  var code: Int32 {
    switch self {
    case .bt709: 1
    case .bt601: 6
    }
  }

  /// The coefficient table of libswscale.
  var coefficients: UnsafePointer<Int32> {
    sws_getCoefficients(self == .bt709 ? SWS_CS_ITU709 : SWS_CS_ITU601)
  }
}

extension ColorTags {
  /// The tags of a decoded picture of `format`.
  init(of frame: UnsafePointer<AVFrame>, format: AVPixelFormat) {
    let picture = frame.pointee
    let saysFull = picture.color_range == AVCOL_RANGE_JPEG && !format.isRGB
    let isFull =
      saysFull || format.impliesFullRange || format.isGray && picture.color_range != AVCOL_RANGE_MPEG
    var tags = ColorTags.guess(height: Int(picture.height), range: isFull ? .full : .limited)
    tags.primariesCode = Int32(picture.color_primaries.rawValue)
    tags.transferCode = Int32(picture.color_trc.rawValue)
    switch picture.colorspace {
    case AVCOL_SPC_BT709, AVCOL_SPC_SMPTE240M, AVCOL_SPC_BT2020_NCL, AVCOL_SPC_BT2020_CL:
      tags.matrix = .bt709
    case AVCOL_SPC_BT470BG, AVCOL_SPC_SMPTE170M, AVCOL_SPC_FCC:
      tags.matrix = .bt601
    default:
      // Untagged, or RGB, which conversion takes to the guessed matrix.
      tags.matrixCode = tags.matrix.code
      self = tags
      return
    }
    tags.matrixCode = Int32(picture.colorspace.rawValue)
    tags.isGuessed = false
    self = tags
  }

  func apply(to frame: UnsafeMutablePointer<AVFrame>) {
    frame.pointee.color_range = avRange
    frame.pointee.color_primaries = AVColorPrimaries(rawValue: .init(primariesCode))
    frame.pointee.color_trc = AVColorTransferCharacteristic(rawValue: .init(transferCode))
    frame.pointee.colorspace = AVColorSpace(rawValue: .init(matrixCode))
  }

  func apply(to codec: UnsafeMutablePointer<AVCodecContext>) {
    codec.pointee.color_range = avRange
    codec.pointee.color_primaries = AVColorPrimaries(rawValue: .init(primariesCode))
    codec.pointee.color_trc = AVColorTransferCharacteristic(rawValue: .init(transferCode))
    codec.pointee.colorspace = AVColorSpace(rawValue: .init(matrixCode))
  }

  private var avRange: AVColorRange { range == .full ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG }
}
