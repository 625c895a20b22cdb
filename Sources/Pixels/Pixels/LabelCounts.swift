// SPDX-License-Identifier: Apache-2.0

public import Buffers
internal import CKernels
public import CPU

/// How often each label occurs in `labels`, for the 256 values that a label can have.
public func classHistogram(of labels: LabelMap, level: CPULevel = .best) -> [UInt64] {
  var counts = [UInt64](repeating: 0, count: 256)
  addClassHistogram(of: labels, to: &counts, level: level)
  return counts
}

/// Adds how often each label occurs to `counts`, which has 256 elements. Allocates nothing.
public func addClassHistogram(of labels: LabelMap, to counts: inout [UInt64], level: CPULevel = .best) {
  precondition(counts.count == 256, "a count for each value of a label")
  let kernels = PixelKernels(level)
  for row in 0..<labels.height {
    kernels.table.pointee.histogram.function(labels.pixels + row * labels.rowBytes, labels.width, &counts)
  }
}

/// Adds to `counts`, `[classes][classes + 1]`, how often each true class (row) was predicted as which class
/// (column); predictions that are no class go to the last column. Pixels whose truth is no class are left out.
public func addConfusion(
  predicted: LabelMap, truth: LabelMap, classes: Int, to counts: inout [UInt64], level: CPULevel = .best
) {
  precondition((1...255).contains(classes), "\(classes) classes")
  precondition(
    counts.count == classes * (classes + 1), "a count for each pair of classes, and a column for none")
  precondition(predicted.width == truth.width && predicted.height == truth.height, "maps of two sizes")
  let kernels = PixelKernels(level)
  for row in 0..<truth.height {
    kernels.table.pointee.confusion.function(
      predicted.pixels + row * predicted.rowBytes, truth.pixels + row * truth.rowBytes, truth.width,
      Int32(classes), &counts)
  }
}
