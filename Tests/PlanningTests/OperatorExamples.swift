// SPDX-License-Identifier: Apache-2.0

import Buffers
import GraphIR

/// Small graphs of one operator, or of few where operators are fused; every operator and option that runs.
enum OperatorExamples {
  static let all: [Example] =
    convolutions + elementwise + windows + form + geometry + products + storedNumbers

  /// A graph of inputs of the given shapes, and what `body` makes of them.
  static func example(
    _ name: String, _ shapes: [Shape], range: ClosedRange<Float> = -2...2,
    _ body: (inout GraphBuilder, inout Noise, [String]) throws -> String
  ) -> Example {
    var noise = Noise(UInt64(name.utf8.reduce(7) { $0 &* 31 &+ Int($1) } & 0xffff))
    var builder = GraphBuilder(name: "example")
    var inputs: [String: Tensor] = [:]
    do {
      var names: [String] = []
      for (index, shape) in shapes.enumerated() {
        names.append(try builder.input("x\(index)", .float32, shape))
        inputs["x\(index)"] = noise.tensor(shape, range.lowerBound, range.upperBound)
      }
      let output = try body(&builder, &noise, names)
      return Example(name: name, graph: try builder.finish(outputs: [output]), inputs: inputs)
    } catch {
      fatalError("\(name): \(error)")
    }
  }

  private static func conv(
    _ name: String, _ input: Shape, out: Int, _ convolution: Convolution, bias: Bool = true
  ) -> Example {
    example(name, [input]) { builder, noise, x in
      let weight = noise.tensor([
        out, input[1] / convolution.groups, convolution.kernel.rows, convolution.kernel.columns,
      ])
      var inputs = [x[0], try builder.parameter("w", weight)]
      if bias { inputs.append(try builder.parameter("b", noise.tensor([out]))) }
      return try builder.node("y", .conv(convolution), inputs)
    }
  }

  static let convolutions: [Example] = plainConvolutions + fusedConvolutions + moreConvolutions

  private static let plainConvolutions: [Example] =
    [
      conv("1x1", [1, 24, 7, 9], out: 40, Convolution(kernel: Pair(1))),
      conv("1x1 no bias, batch 2", [2, 13, 5, 6], out: 3, Convolution(kernel: Pair(1)), bias: false),
      conv("1x1 stride 2", [1, 8, 7, 9], out: 17, Convolution(kernel: Pair(1), strides: Pair(2))),
      conv("3x3", [1, 16, 9, 11], out: 11, Convolution(kernel: Pair(3), pads: Pads(1))),
      conv(
        "3x3 stem", [1, 3, 32, 40], out: 32, Convolution(kernel: Pair(3), strides: Pair(2), pads: Pads(1))),
      conv(
        "3x3 stem, pads behind", [1, 3, 32, 40], out: 32,
        Convolution(kernel: Pair(3), strides: Pair(2), pads: Pads(top: 0, left: 0, bottom: 1, right: 1))),
      conv(
        "3x3 dilated", [1, 8, 12, 13], out: 16,
        Convolution(kernel: Pair(3), dilations: Pair(2), pads: Pads(2))),
      conv(
        "1x7", [1, 5, 6, 12], out: 9,
        Convolution(kernel: Pair(rows: 1, columns: 7), pads: Pads(top: 0, left: 3, bottom: 0, right: 3))),
      conv("7x7 to one", [1, 32, 12, 15], out: 1, Convolution(kernel: Pair(7), pads: Pads(3))),
      conv(
        "11x11, beyond the packed window", [1, 2, 13, 14], out: 3,
        Convolution(kernel: Pair(11), pads: Pads(5))),
      conv("groups", [1, 12, 6, 7], out: 18, Convolution(kernel: Pair(3), pads: Pads(1), groups: 3)),
      conv(
        "depthwise 3x3", [1, 37, 9, 10], out: 37, Convolution(kernel: Pair(3), pads: Pads(1), groups: 37)),
      conv(
        "depthwise 3x3 stride 2", [1, 48, 10, 12], out: 48,
        Convolution(kernel: Pair(3), strides: Pair(2), pads: Pads(1), groups: 48)),
      conv(
        "depthwise 5x5", [1, 10, 9, 10], out: 10, Convolution(kernel: Pair(5), pads: Pads(2), groups: 10)),
    ]

  private static let fusedConvolutions: [Example] =
    [Operator.relu, .clip(min: 0, max: 6)].map { activation in
      example("conv, \(activation), add", [[1, 6, 5, 7]]) { builder, noise, x in
        let conv = Convolution(kernel: Pair(1))
        let w = try builder.parameter("w", noise.tensor([6, 6, 1, 1]))
        let a = try builder.node("a", .conv(conv), [x[0], w])
        let b = try builder.node("b", activation, [a])
        return try builder.node("y", .add, [x[0], b])
      }
    }

  private static let moreConvolutions: [Example] =
    [
      example("conv, add, relu", [[1, 6, 5, 7], [1, 20, 5, 7]]) { builder, noise, x in
        let w = try builder.parameter("w", noise.tensor([20, 6, 1, 1]))
        let a = try builder.node("a", .conv(Convolution(kernel: Pair(1))), [x[0], w])
        let b = try builder.node("b", .add, [a, x[1]])
        return try builder.node("y", .relu, [b])
      },
      example("two convs added", [[1, 6, 5, 7]]) { builder, noise, x in
        let w = try builder.parameter("w", noise.tensor([20, 6, 1, 1]))
        let v = try builder.parameter("v", noise.tensor([20, 6, 3, 3]))
        let a = try builder.node("a", .conv(Convolution(kernel: Pair(1))), [x[0], w])
        let b = try builder.node("b", .conv(Convolution(kernel: Pair(3), pads: Pads(1))), [x[0], v])
        return try builder.node("y", .add, [a, b])
      },
      example("batch normalization", [[1, 5, 4, 6]]) { builder, noise, x in
        let parameters = try ["s", "b", "m", "v"].map {
          try builder.parameter($0, noise.tensor([5], $0 == "v" ? 0.5 : -1, 1.5))
        }
        return try builder.node("y", .batchNormalization(epsilon: 1e-5), x + parameters)
      },
    ]

  static let elementwise: [Example] = binary + unary

  private static let binary: [Example] =
    [Operator.add, .sub, .mul, .div].flatMap { op -> [Example] in
      let pairs: [(Shape, Shape)] = [
        ([1, 5, 4, 6], [1, 5, 4, 6]), ([1, 5, 4, 6], [1, 5, 1, 1]), ([1, 1, 4, 6], [1, 5, 4, 6]),
        ([1, 5, 4, 6], [1, 1, 1, 1]), ([2, 5, 1, 6], [2, 1, 4, 1]), ([3, 7], [7]),
      ]
      return pairs.map { a, b in
        example("\(op) \(a) \(b)", [a, b], range: 0.5...3) { builder, _, x in try builder.node("y", op, x) }
      }
    }

  private static let unary: [Example] =
    [
      Operator.relu, .clip(min: -0.5, max: 1), .sigmoid, .hardSigmoid(alpha: 0.3, beta: 0.4), .hardSwish,
      .softmax(axis: 1), .softmax(axis: -1), .softmax(axis: 2),
    ].map { op in
      example("\(op)", [[1, 9, 5, 6]], range: -9...9) { builder, _, x in try builder.node("y", op, x) }
    }

  static let windows: [Example] = pools + reductions

  private static let pools: [Example] =
    [
      Pooling(kernel: Pair(2), strides: Pair(2)),
      Pooling(kernel: Pair(3), strides: Pair(2), pads: Pads(1)),
      Pooling(kernel: Pair(3), strides: Pair(2), pads: Pads(1), countIncludePad: true),
      Pooling(kernel: Pair(2), strides: Pair(2), ceilMode: true),
      Pooling(kernel: Pair(3), strides: Pair(2), pads: Pads(1), ceilMode: true, countIncludePad: true),
      Pooling(kernel: Pair(5), strides: Pair(1), pads: Pads(2)),
    ].enumerated().flatMap { index, pooling -> [Example] in
      [("average", Operator.averagePool(pooling)), ("max", .maxPool(pooling))].map { name, op in
        example("\(name) pool \(index)", [[1, 19, 9, 11]]) { builder, _, x in try builder.node("y", op, x) }
      }
    }

  private static let reductions: [Example] =
    [
      ("global average pool", Operator.globalAveragePool),
      ("sum of channels", .reduceSum(axes: [1], keepDims: true)),
      ("sum of rows and columns", .reduceSum(axes: [2, 3], keepDims: true)),
      ("mean of columns and channels", .reduceMean(axes: [-1, 1], keepDims: true)),
      ("argmax of channels", .argMax(axis: 1, keepDims: true)),
    ].map { name, op in
      example(name, [[2, 6, 5, 7]]) { builder, _, x in try builder.node("y", op, x) }
    }

  static let form: [Example] = [
    example("concat channels", [[1, 3, 4, 5], [1, 18, 4, 5]]) { builder, _, x in
      try builder.node("y", .concat(axis: 1), x)
    },
    example("concat rows", [[1, 3, 4, 5], [1, 3, 2, 5]]) { builder, _, x in
      try builder.node("y", .concat(axis: 2), x)
    },
    example("concat of what is made in place", [[1, 3, 4, 5]]) { builder, noise, x in
      let w = try builder.parameter("w", noise.tensor([20, 3, 1, 1]))
      let v = try builder.parameter("v", noise.tensor([7, 27, 3, 3]))
      let a = try builder.node("a", .conv(Convolution(kernel: Pair(1))), [x[0], w])
      let b = try builder.node(
        "b", .averagePool(Pooling(kernel: Pair(3), strides: Pair(1), pads: Pads(1))), [x[0]])
      let c = try builder.node(
        "c", .averagePool(Pooling(kernel: Pair(3), strides: Pair(1), pads: Pads(1))), [a])
      let d = try builder.node(
        "d", .concat(axis: 1),
        [a, b, try builder.node("s", .slice(starts: [0], ends: [4], axes: [1], steps: [1]), [c])])
      return try builder.node("y", .conv(Convolution(kernel: Pair(3), pads: Pads(1))), [d, v])
    },
    example("reshape", [[1, 6, 4, 5]]) { builder, _, x in
      try builder.node("y", .reshape(Reshape([1, 6, -1])), x)
    },
    example("reshape and back", [[1, 6, 4, 5]]) { builder, _, x in
      let flat = try builder.node("f", .reshape(Reshape([6, 20])), x)
      return try builder.node("y", .reshape(Reshape([1, 3, 8, 5])), [flat])
    },
    example("transpose 3", [[2, 3, 4]]) { builder, _, x in
      try builder.node("y", .transpose(permutation: [2, 0, 1]), x)
    },
    example("slice", [[1, 8, 7, 9]]) { builder, _, x in
      try builder.node("y", .slice(starts: [1, 8], ends: [7, 0], axes: [1, 3], steps: [2, -3]), x)
    },
    example("pad", [[1, 3, 4, 5]]) { builder, _, x in
      try builder.node("y", .pad(before: [0, 1, 2, 0], after: [0, 0, 1, 3], value: 0.5), x)
    },
    example("depth to space DCR", [[1, 12, 3, 4]]) { builder, _, x in
      try builder.node("y", .depthToSpace(block: 2, mode: .dcr), x)
    },
    example("depth to space CRD", [[1, 12, 3, 4]]) { builder, _, x in
      try builder.node("y", .depthToSpace(block: 2, mode: .crd), x)
    },
    example("space to depth", [[1, 3, 4, 6]]) { builder, _, x in
      try builder.node("y", .spaceToDepth(block: 2), x)
    },
  ]

  static let geometry: [Example] = linear + nearest + [byScales] + gridSamples

  private static let coordinates: [Resize.Coordinates] = [
    .halfPixel, .pytorchHalfPixel, .alignCorners, .asymmetric,
  ]

  private static func resize(_ name: String, _ shape: Shape, _ resize: Resize) -> Example {
    example(name, [shape]) { builder, _, x in try builder.node("y", .resize(resize), x) }
  }

  private static let linear: [Example] = coordinates.flatMap { coordinates -> [Example] in
    [Pair(rows: 10, columns: 14), Pair(rows: 3, columns: 4), Pair(rows: 9, columns: 1)].map { size in
      resize(
        "linear \(coordinates.rawValue) to \(size.rows)x\(size.columns)", [1, 17, 5, 7],
        Resize(.size(size), coordinates: coordinates))
    }
  }

  private static let nearest: [Example] = coordinates.flatMap { coordinates -> [Example] in
    [Resize.Rounding.roundPreferFloor, .roundPreferCeil, .floor, .ceil].map { rounding in
      resize(
        "nearest \(coordinates.rawValue) \(rounding.rawValue)", [1, 3, 5, 7],
        Resize(
          .size(Pair(rows: 8, columns: 15)), mode: .nearest, coordinates: coordinates, rounding: rounding))
    }
  }

  private static let byScales = resize(
    "linear by scales", [1, 4, 5, 7], Resize(.scales(rows: 2, columns: 1.5)))

  private static let gridSamples: [Example] = [GridSample.Padding.zeros, .border].flatMap {
    padding -> [Example] in
    [GridSample.Mode.bilinear, .nearest].flatMap { mode -> [Example] in
      [false, true].map { align in
        let sampling = GridSample(mode: mode, padding: padding, alignCorners: align)
        return example("grid sample \(padding) \(mode) \(align)", [[1, 5, 6, 7]]) { builder, noise, x in
          let grid = try builder.constant("grid", noise.tensor([1, 4, 8, 2], -1.3, 1.3))
          return try builder.node("y", .gridSample(sampling), [x[0], grid])
        }
      }
    }
  }

  static let products: [Example] = [
    example("matrices", [[7, 5], [5, 9]]) { builder, _, x in try builder.node("y", .matMul, x) },
    example("batched", [[3, 70, 5], [3, 5, 9]]) { builder, _, x in try builder.node("y", .matMul, x) },
    example("repeated right side", [[3, 7, 5], [5, 9]]) { builder, _, x in try builder.node("y", .matMul, x)
    },
    example("constant right side", [[3, 7, 5]]) { builder, noise, x in
      try builder.node("y", .matMul, [x[0], try builder.parameter("w", noise.tensor([5, 33]))])
    },
  ]

  static let storedNumbers: [Example] = [
    example("quantize", [[1, 4, 3, 5]]) { builder, _, x in
      let scale = try builder.constant("s", Tensor([Float(0.013)], shape: []))
      let zero = try builder.constant("z", Tensor([UInt8(120)], shape: []))
      return try builder.node("y", .quantizeLinear(axis: 1), [x[0], scale, zero])
    },
    example("quantize and back, by channel", [[1, 4, 3, 5]]) { builder, _, x in
      let scale = try builder.constant("s", Tensor([Float(0.01), 0.02, 0.03, 0.005], shape: [4]))
      let zero = try builder.constant("z", Tensor([Int8(0), 3, -4, 20], shape: [4]))
      let stored = try builder.node("q", .quantizeLinear(axis: 1), [x[0], scale, zero])
      return try builder.node("y", .dequantizeLinear(axis: 1), [stored, scale, zero])
    },
  ]
}
