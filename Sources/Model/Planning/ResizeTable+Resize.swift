// SPDX-License-Identifier: Apache-2.0

internal import GraphIR
internal import Kernels

extension ResizeTable {
  /// Where each output cell samples along one axis, by ONNX's coordinate rules.
  ///
  /// - Parameter scale: output cells for each input cell.
  init(_ resize: Resize, input: Int, output: Int, scale: Float) {
    let cells = (0..<output).map { index -> (first: Int, second: Int, weight: Float) in
      let at: Float
      switch resize.coordinates {
      case .halfPixel: at = (Float(index) + 0.5) / scale - 0.5
      case .pytorchHalfPixel: at = output > 1 ? (Float(index) + 0.5) / scale - 0.5 : 0
      case .alignCorners: at = output > 1 ? Float(index) * Float(input - 1) / Float(output - 1) : 0
      case .asymmetric: at = Float(index) / scale
      }
      func within(_ cell: Float) -> Int { Int(min(max(cell, 0), Float(input - 1))) }
      switch resize.mode {
      case .nearest:
        let cell: Float
        switch resize.rounding {
        case .roundPreferFloor: cell = (at - 0.5).rounded(.up)
        case .roundPreferCeil: cell = (at + 0.5).rounded(.down)
        case .floor: cell = at.rounded(.down)
        case .ceil: cell = at.rounded(.up)
        }
        return (within(cell), within(cell), 0)
      case .linear:
        let inside = min(max(at, 0), Float(input - 1))
        let first = Int(inside)
        return (first, min(first + 1, input - 1), inside - Float(first))
      }
    }
    self.init(inputExtent: input, cells: cells)
  }
}
