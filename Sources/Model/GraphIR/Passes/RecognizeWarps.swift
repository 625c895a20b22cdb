// SPDX-License-Identifier: Apache-2.0

import Buffers

extension Pass {
  public static let recognizeWarps = recognizing(
    "recognizeWarps", summary: "replace GridSample of a base grid plus offsets by Warp"
  ) { graph, facts in WarpFinder(graph, facts).warp(at:) }
}

/// Reads the pattern backwards from GridSample. Every constant is compared with what it has to be:
///
///     GridSample(source, base + Transpose(offsets) * (2/columns, 2/rows))
///     offsets = Conv(Conv(d, one-hot 3x3) * Concat(m, m), sums of nine)     or any 2-channel map
private struct WarpFinder {
  let graph: Graph
  let facts: Facts
  let producers: ValueTable<Int>
  /// How far a constant may be from its exact value; grids are written by many exporters.
  let tolerance: Float = 1e-5

  init(_ graph: Graph, _ facts: Facts) {
    self.graph = graph
    self.facts = facts
    producers = graph.producers()
  }

  func warp(at index: Int) -> Node? {
    let node = graph.nodes[index]
    guard case .gridSample(let sample) = node.op, sample == GridSample(mode: .bilinear, padding: .border),
      let source = facts.find(node.inputs[0])?.shape, source.rank == 4,
      let sum = producer(node.inputs[1]), case .add = sum.op
    else { return nil }
    for (base, moved) in [(0, 1), (1, 0)] {
      guard let offsets = offsets(sum.inputs[moved]), let size = facts.find(offsets)?.shape, size.rank == 4,
        size[0] == source[0], size[1] == 2, isBase(sum.inputs[base], rows: size[2], columns: size[3]),
        size[2] % source[2] == 0, size[2] / source[2] == size[3] / source[3], size[3] % source[3] == 0
      else { continue }
      let scale = size[2] / source[2]
      let inputs = mixed(offsets).map { [node.inputs[0], $0.offsets, $0.mask] } ?? [node.inputs[0], offsets]
      return Node(node.name, .warp(Warp(scale: scale)), inputs: inputs, outputs: node.outputs)
    }
    return nil
  }

  private func producer(_ value: ValueID) -> Node? { producers[value].map { graph.nodes[$0] } }

  /// `[rows][columns](x, y)`: the centre of each pixel, -1…1 from border to border.
  private func isBase(_ value: ValueID, rows: Int, columns: Int) -> Bool {
    guard let values = graph.floats(value), let shape = facts.find(value)?.shape,
      shape == [1, rows, columns, 2] || shape == [rows, columns, 2]
    else { return false }
    for row in 0..<rows {
      let y = (Float(row) + 0.5) * 2 / Float(rows) - 1
      for column in 0..<columns {
        let x = (Float(column) + 0.5) * 2 / Float(columns) - 1
        let index = (row * columns + column) * 2
        guard abs(values[index] - x) <= tolerance, abs(values[index + 1] - y) <= tolerance else {
          return false
        }
      }
    }
    return true
  }

  /// The map of offsets in pixels behind `value`, which is them in grid units, channels innermost.
  private func offsets(_ value: ValueID) -> ValueID? {
    guard let product = producer(value) else { return nil }
    // On a map of 2x2 a pixel is a grid unit, and the product may have been dropped.
    if case .transpose(permutation: [0, 2, 3, 1]) = product.op,
      let shape = facts.find(product.inputs[0])?.shape, shape.extents.dropFirst(2) == [2, 2]
    {
      return product.inputs[0]
    }
    guard case .mul = product.op else { return nil }
    for (moved, factor) in [(0, 1), (1, 0)] {
      guard let turned = producer(product.inputs[moved]),
        case .transpose(permutation: [0, 2, 3, 1]) = turned.op,
        let shape = facts.find(turned.inputs[0])?.shape, shape.rank == 4,
        let numbers = graph.floats(product.inputs[factor]), numbers.count == 2,
        facts.find(product.inputs[factor])?.shape[-1] == 2,
        near(numbers[0], 2 / Float(shape[3])), near(numbers[1], 2 / Float(shape[2]))
      else { continue }
      return turned.inputs[0]
    }
    return nil
  }

  private func near(_ value: Float, _ exact: Float) -> Bool { abs(value - exact) <= tolerance * exact }

  /// First offsets and mask, where `value` is the mixture of each pixel's 3x3 neighbours.
  private func mixed(_ value: ValueID) -> (offsets: ValueID, mask: ValueID)? {
    guard let sum = producer(value), sum.isPlainConv(kernel: 1, pads: 0, groups: 1),
      graph.floats(sum.inputs[1]) == (0..<36).map({ ($0 < 18) == ($0 % 18 < 9) ? 1 : 0 }),
      facts.find(sum.inputs[1])?.shape == [2, 18, 1, 1], let product = producer(sum.inputs[0]),
      case .mul = product.op
    else { return nil }
    for (first, second) in [(0, 1), (1, 0)] {
      guard let shift = producer(product.inputs[first]), shift.isPlainConv(kernel: 3, pads: 1, groups: 2),
        facts.find(shift.inputs[1])?.shape == [18, 1, 3, 3], let kernels = graph.floats(shift.inputs[1]),
        kernels.indices.allSatisfy({ kernels[$0] == ($0 % 9 == $0 / 9 % 9 ? 1 : 0) }),
        let both = producer(product.inputs[second]), case .concat(let axis) = both.op,
        axis == 1 || axis == -3,
        both.inputs.count == 2, both.inputs[0] == both.inputs[1],
        let mask = facts.find(both.inputs[0])?.shape, let offsets = facts.find(shift.inputs[0])?.shape,
        mask == Shape([offsets[0], 9, offsets[2], offsets[3]])
      else { continue }
      return (shift.inputs[0], both.inputs[0])
    }
    return nil
  }
}

extension Node {
  /// A convolution at every pixel, without bias or activation.
  fileprivate func isPlainConv(kernel: Int, pads: Int, groups: Int) -> Bool {
    guard case .conv(let convolution) = op, input(2) == nil else { return false }
    return convolution == Convolution(kernel: Pair(kernel), pads: Pads(pads), groups: groups)
  }
}
