// SPDX-License-Identifier: Apache-2.0

internal import CKernels
public import CPU

/// The pixel kernels of one CPU level.
struct PixelKernels: @unchecked Sendable {
  // @unchecked: points at a constant table of functions.
  let table: UnsafePointer<rm_pixels_table>

  init(_ level: CPULevel) { table = rm_pixels_kernels(level.rawLevel) }

  /// `count` rounded up to what rows between two kernels are padded to.
  static func padded(_ count: Int) -> Int {
    let group = RM_PIXELS_GROUP
    return (count + group - 1) / group * group
  }
}
