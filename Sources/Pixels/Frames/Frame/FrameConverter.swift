// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import CFFmpeg

/// Scales and converts pictures through libswscale, for what the kernels do not take directly.
///
/// Matrix and range are always given, so that no guess of the library's shows in the colours.
final class FrameConverter {
  struct Side: Hashable {
    var format: Int32
    var width: Int32
    var height: Int32
    var matrix: ColorMatrix
    var range: ColorRange
  }

  private var context: OpaquePointer?
  private var sides: (Side, Side)?

  deinit { sws_freeContext(context) }

  /// Fills `output`, whose planes are allocated, from `input`.
  ///
  /// - Throws: `FramesError.Kind.invalidData` for a pair of formats that libswscale does not know.
  func convert(
    _ input: UnsafePointer<AVFrame>, _ inputColor: (ColorMatrix, ColorRange),
    to output: UnsafeMutablePointer<AVFrame>, _ outputColor: (ColorMatrix, ColorRange)
  ) throws {
    let from = Side(input, inputColor)
    let to = Side(UnsafePointer(output), outputColor)
    if sides == nil || sides! != (from, to) {
      try prepare(from, to)
      sides = (from, to)
    }
    let rows = FrameConverter.scale(context, input, output)
    guard rows >= 0 else { throw failure(from, to, rows) }
  }

  private func prepare(_ from: Side, _ to: Side) throws {
    sws_freeContext(context)
    context = sws_alloc_context()
    guard let context else { throw failure(from, to, rm_averror(12)) }
    let flags = SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP | SWS_BITEXACT
    let settings: [(String, Int64)] = [
      ("srcw", Int64(from.width)), ("srch", Int64(from.height)), ("src_format", Int64(from.format)),
      ("dstw", Int64(to.width)), ("dsth", Int64(to.height)), ("dst_format", Int64(to.format)),
      ("src_range", from.range == .full ? 1 : 0), ("dst_range", to.range == .full ? 1 : 0),
      ("sws_flags", Int64(flags)),
    ]
    for (name, value) in settings { av_opt_set_int(UnsafeMutableRawPointer(context), name, value, 0) }
    let code = sws_init_context(context, nil, nil)
    guard code >= 0 else { throw failure(from, to, code) }
    sws_setColorspaceDetails(
      context, from.matrix.coefficients, from.range == .full ? 1 : 0, to.matrix.coefficients,
      to.range == .full ? 1 : 0, 0, 1 << 16, 1 << 16)
  }

  private func failure(_ from: Side, _ to: Side, _ code: Int32) -> FramesError {
    let names = [from, to].map { AVPixelFormat(rawValue: $0.format).name }
    return FramesError(
      .invalidData, "convert", "\(names[0]) to \(names[1])", FramesError.text(of: code),
      hint: "convert the source to yuv420p first")
  }

  private static func scale(
    _ context: OpaquePointer?, _ input: UnsafePointer<AVFrame>, _ output: UnsafeMutablePointer<AVFrame>
  ) -> Int32 {
    let from = input.pointee
    let to = output.pointee
    let source = [
      UnsafePointer(from.data.0), UnsafePointer(from.data.1), UnsafePointer(from.data.2),
      UnsafePointer(from.data.3),
    ]
    let target = [to.data.0, to.data.1, to.data.2, to.data.3]
    let sourceRows = [from.linesize.0, from.linesize.1, from.linesize.2, from.linesize.3]
    let targetRows = [to.linesize.0, to.linesize.1, to.linesize.2, to.linesize.3]
    return sws_scale(context, source, sourceRows, 0, from.height, target, targetRows)
  }
}

extension FrameConverter.Side {
  fileprivate init(_ frame: UnsafePointer<AVFrame>, _ color: (ColorMatrix, ColorRange)) {
    self.init(
      format: AVPixelFormat(rawValue: frame.pointee.format).withoutRange.rawValue,
      width: frame.pointee.width, height: frame.pointee.height, matrix: color.0, range: color.1)
  }
}
