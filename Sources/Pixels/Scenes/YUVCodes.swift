// SPDX-License-Identifier: Apache-2.0

import Buffers

/// A matrix and a range in 1/256, each row adding up to what its range asks for.
struct YUVCodes {
  var luma: (UInt16, UInt16, UInt16)
  var u: (Int32, Int32, Int32)
  var v: (Int32, Int32, Int32)
  var black: UInt16
  var low: UInt8
  var high: UInt8
  var highChroma: UInt8

  init(matrix: ColorMatrix, range: ColorRange) {
    switch (matrix, range) {
    case (.bt709, .limited):
      (luma, u, v) = ((47, 157, 16), (-26, -86, 112), (112, -102, -10))
    case (.bt601, .limited):
      (luma, u, v) = ((66, 129, 25), (-38, -74, 112), (112, -94, -18))
    case (.bt709, .full):
      (luma, u, v) = ((54, 183, 18), (-29, -99, 128), (128, -116, -12))
    case (.bt601, .full):
      (luma, u, v) = ((77, 150, 29), (-43, -85, 128), (128, -107, -21))
    }
    let limited = range == .limited
    (black, low, high, highChroma) = limited ? (16, 16, 235, 240) : (0, 0, 255, 255)
  }
}
