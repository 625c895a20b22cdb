// SPDX-License-Identifier: Apache-2.0

import Buffers

extension FactRule {
  func conv(_ convolution: Convolution) throws -> Fact {
    let x = try map(0)
    try real(0)
    let weight = try map(1)
    try real(1)
    let groups = try bounded(convolution.groups, "groups", least: 1)
    guard Pair(rows: weight.rows, columns: weight.columns) == convolution.kernel else {
      throw fail(
        "weight \(given(1).shape) does not have the kernel size of the node, \(convolution.kernel.text)")
    }
    guard weight.batch % groups == 0, x.channels == weight.channels * groups else {
      throw fail(
        "\(x.channels) input channels, but weight \(given(1).shape) with \(groups) groups takes "
          + "\(weight.channels * groups)")
    }
    if facts[2] != nil {
      let bias = try real(2)
      guard bias.shape.extents == [weight.batch] else {
        throw fail("bias \(bias.shape) for \(weight.batch) output channels")
      }
    }
    if case .clip(let low, let high) = convolution.activation { try limits(low, high) }
    let size = try window(
      Pair(rows: x.rows, columns: x.columns), kernel: convolution.kernel, strides: convolution.strides,
      dilations: convolution.dilations, pads: convolution.pads, ceil: false)
    let out = MapShape(batch: x.batch, channels: weight.batch, rows: size.rows, columns: size.columns)
    return try fact(self.x.dtype, out.extents(layout))
  }

  func matMul() throws -> Fact {
    let a = try real(0).shape.extents
    let b = try real(1).shape.extents
    guard a.count >= 2, b.count >= 2 else {
      throw fail("inputs \(a) and \(b)", hint: "both need rank 2 or more")
    }
    guard a[a.count - 1] == b[b.count - 2] else {
      throw fail("\(a) x \(b): inner extents differ")
    }
    let batch = try broadcast(Array(a.dropLast(2)), Array(b.dropLast(2)))
    return try fact(x.dtype, batch + [a[a.count - 2], b[b.count - 1]])
  }

  func batchNormalization(_ epsilon: Float) throws -> Fact {
    let fact = try real(0)
    guard fact.shape.rank == 4 else {
      throw fail("input \(fact)", hint: "the operator takes values of rank 4")
    }
    let channels = try map(0).channels
    for index in 1..<5 {
      let shape = try real(index).shape
      guard shape.extents == [channels] else {
        throw fail("'\(node.inputs[index])' is \(shape) for \(channels) channels")
      }
    }
    guard epsilon.isFinite, epsilon >= 0 else { throw fail("epsilon \(epsilon)") }
    return fact
  }

  /// Output rows and columns of a sliding window.
  func window(_ size: Pair, kernel: Pair, strides: Pair, dilations: Pair, pads: Pads, ceil: Bool) throws
    -> Pair
  {
    func along(_ extent: Int, _ kernel: Int, _ stride: Int, _ dilation: Int, _ before: Int, _ after: Int)
      throws -> Int
    {
      let most = GraphLimits.side
      try bounded(kernel, "kernel size", least: 1, most: most)
      try bounded(stride, "stride", least: 1, most: most)
      try bounded(dilation, "dilation", least: 1, most: most)
      try bounded(before, "pad", least: 0, most: most)
      try bounded(after, "pad", least: 0, most: most)
      let room = extent + before + after - dilation * (kernel - 1) - 1
      guard room >= 0 else {
        throw fail(
          "a window of \(dilation * (kernel - 1) + 1) does not fit \(extent) cells with pads \(before) and \(after)"
        )
      }
      var count = (ceil ? (room + stride - 1) / stride : room / stride) + 1
      // A window that would begin behind the input and its leading pad is left out.
      if ceil, (count - 1) * stride >= extent + before { count -= 1 }
      return count
    }
    return Pair(
      rows: try along(size.rows, kernel.rows, strides.rows, dilations.rows, pads.top, pads.bottom),
      columns: try along(
        size.columns, kernel.columns, strides.columns, dilations.columns, pads.left, pads.right))
  }
}

extension Pair {
  var text: String { "\(rows)x\(columns)" }
}
