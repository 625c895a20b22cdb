// SPDX-License-Identifier: Apache-2.0

import Buffers
import GraphIR

extension Importer {
  /// Between real and stored numbers.
  static let stored: [String: Rule] = [
    "QuantizeLinear": { importer, node in
      try node.expect("block_size", 0)
      try node.expect("output_dtype", 0)
      node.ignore("saturate")
      let axis = try node.int("axis", 1)
      try importer.add(.quantizeLinear(axis: axis), node.inputs, output: try node.output(), node)
    },
    "DequantizeLinear": { importer, node in
      try node.expect("block_size", 0)
      let axis = try node.int("axis", 1)
      try importer.add(.dequantizeLinear(axis: axis), node.inputs, output: try node.output(), node)
    },
  ]
}
