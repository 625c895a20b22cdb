// SPDX-License-Identifier: Apache-2.0

internal import GraphIR
internal import Kernels

/// Which rows of an input a step reads to make rows of its output. More output rows never begin higher or end
/// lower.
enum RowReach: Sendable, Equatable {
  /// All of it, whatever the rows.
  case whole
  /// Windows of `extent` rows, `stride` rows apart, the first `padTop` rows above the map.
  case windows(extent: Int, stride: Int, padTop: Int)
  /// What a resize mixes.
  case taps(Int8ResizeTaps)

  /// The rows of the same numbers.
  static let same = RowReach.windows(extent: 1, stride: 1, padTop: 0)

  /// - Parameters:
  ///   - output: not empty.
  ///   - count: rows of the input.
  func rows(for output: Range<Int>, of count: Int) -> Range<Int> {
    switch self {
    case .whole: return 0..<count
    case .windows(let extent, let stride, let padTop):
      let first = max(output.lowerBound * stride - padTop, 0)
      return first..<min((output.upperBound - 1) * stride - padTop + extent, count)
    case .taps(let taps): return taps.inputs(of: output)
    }
  }
}

extension RowReach {
  /// - Returns: `nil` where some window would lie outside the map altogether.
  init?(
    kernelRows: Int, stride: Int, dilation: Int = 1, padTop: Int, input: Fact, output: Fact
  ) {
    let extent = (kernelRows - 1) * dilation + 1
    guard padTop < extent, (output.shape[1] - 1) * stride - padTop < input.shape[1] else { return nil }
    self = .windows(extent: extent, stride: stride, padTop: padTop)
  }

  init?(_ window: ConvolutionWindow, input: Fact, output: Fact) {
    self.init(
      kernelRows: window.kernelRows, stride: window.strideRows, dilation: window.dilationRows,
      padTop: window.padTop, input: input, output: output)
  }

  init?(_ window: PoolingWindow, input: Fact, output: Fact) {
    self.init(
      kernelRows: window.kernelRows, stride: window.strideRows, padTop: window.padTop, input: input,
      output: output)
  }
}
