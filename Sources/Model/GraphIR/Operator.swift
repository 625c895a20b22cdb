// SPDX-License-Identifier: Apache-2.0

public import Buffers

/// What a node does. Attributes have ONNX's names and meaning; axes and permutations refer to the shapes
/// that the values have in the graph's layout.
///
/// Inputs that ONNX allows as tensors but that must be known before the run (sizes, axes, limits) are
/// attributes here; the importer reads them from constants.
public enum Operator: Sendable, Hashable {
  // Products. Inputs: conv (x, weight, bias?), matMul (a, b), batchNormalization (x, scale, bias, mean, variance).
  case conv(Convolution)
  case matMul
  case batchNormalization(epsilon: Float)

  // Element by element, with broadcasting where there are two inputs.
  case add, sub, mul, div
  case relu
  case clip(min: Float, max: Float)
  case sigmoid
  case hardSigmoid(alpha: Float, beta: Float)
  case hardSwish
  case softmax(axis: Int)

  // Windows and reductions.
  case averagePool(Pooling)
  case maxPool(Pooling)
  case globalAveragePool
  case reduceSum(axes: [Int], keepDims: Bool)
  case reduceMean(axes: [Int], keepDims: Bool)
  case argMax(axis: Int, keepDims: Bool)

  // Form.
  case concat(axis: Int)
  case reshape(Reshape)
  case transpose(permutation: [Int])
  case slice(starts: [Int], ends: [Int], axes: [Int], steps: [Int])
  case pad(before: [Int], after: [Int], value: Float)
  case depthToSpace(block: Int, mode: DepthToSpaceMode)
  case spaceToDepth(block: Int)

  // Geometry.
  case resize(Resize)
  /// Inputs: x, grid `[batch, rows, columns, 2]` (x first, -1…1).
  case gridSample(GridSample)
  /// Inputs: source, offsets (2 channels, x first, in pixels of the output), mask? (9 channels, weights of
  /// the 3x3 neighbours, row-major). Never in a file: a pass makes it of GridSample and what feeds it.
  case warp(Warp)
  /// Inputs: query (at twice the rows and columns of the others), key, value, bias? (`[1, 4 * cells, 1, 1]`: for
  /// each of the four sub-pixels, row-major, the region's cells, row-major). Never in a file: a pass makes it.
  case localAttention(LocalAttention)
  /// Inputs: query, key, value, maps of equal size. Each pixel takes the mean of all values, weighted by the
  /// softmax of `scale * query · key`. Never in a file: a pass makes it of MatMul and what stands around it.
  case globalAttention(scale: Float)

  /// The same real numbers as float32 or float16.
  case cast(DType)
  // Between real and stored numbers. Inputs: x, scale, zeroPoint?.
  case quantizeLinear(axis: Int)
  case dequantizeLinear(axis: Int)
}

/// A function fused behind a producer.
public enum Activation: Sendable, Hashable {
  case none
  case relu
  case clip(min: Float, max: Float)
}

public struct Convolution: Sendable, Hashable {
  /// (rows, columns), as all pairs here.
  public var kernel: Pair
  public var strides: Pair
  public var dilations: Pair
  public var pads: Pads
  public var groups: Int
  /// Set by a pass; a file has a node of its own for it.
  public var activation: Activation

  public init(
    kernel: Pair, strides: Pair = Pair(1), dilations: Pair = Pair(1), pads: Pads = Pads(0), groups: Int = 1,
    activation: Activation = .none
  ) {
    self.kernel = kernel
    self.strides = strides
    self.dilations = dilations
    self.pads = pads
    self.groups = groups
    self.activation = activation
  }
}

/// The window of a pooling operator.
public struct Pooling: Sendable, Hashable {
  public var kernel: Pair
  public var strides: Pair
  public var pads: Pads
  public var ceilMode: Bool
  /// Average only: padded cells count as zeros.
  public var countIncludePad: Bool

  public init(
    kernel: Pair, strides: Pair, pads: Pads = Pads(0), ceilMode: Bool = false, countIncludePad: Bool = false
  ) {
    self.kernel = kernel
    self.strides = strides
    self.pads = pads
    self.ceilMode = ceilMode
    self.countIncludePad = countIncludePad
  }
}

/// Rows and columns.
public struct Pair: Sendable, Hashable {
  public var rows: Int
  public var columns: Int

  public init(_ both: Int) { self.init(rows: both, columns: both) }
  public init(rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
  }
}

/// Cells added around a map.
public struct Pads: Sendable, Hashable {
  public var top: Int
  public var left: Int
  public var bottom: Int
  public var right: Int

  public init(_ all: Int) { self.init(top: all, left: all, bottom: all, right: all) }
  public init(top: Int, left: Int, bottom: Int, right: Int) {
    self.top = top
    self.left = left
    self.bottom = bottom
    self.right = right
  }
}

public struct Reshape: Sendable, Hashable {
  /// As in ONNX: 0 keeps the input's extent, one -1 is worked out.
  public var extents: [Int]

  public init(_ extents: [Int]) { self.extents = extents }
}

public enum DepthToSpaceMode: String, Sendable, Hashable { case dcr = "DCR", crd = "CRD" }

/// Bilinear or nearest change of size over rows and columns.
public struct Resize: Sendable, Hashable {
  public enum Mode: String, Sendable, Hashable { case linear, nearest }
  public enum Coordinates: String, Sendable, Hashable {
    case halfPixel = "half_pixel"
    case pytorchHalfPixel = "pytorch_half_pixel"
    case alignCorners = "align_corners"
    case asymmetric
  }
  public enum Rounding: String, Sendable, Hashable {
    case roundPreferFloor = "round_prefer_floor"
    case roundPreferCeil = "round_prefer_ceil"
    case floor, ceil
  }
  public enum Target: Sendable, Hashable {
    /// Output rows and columns.
    case size(Pair)
    /// Output rows and columns are the input's times these, rounded down.
    case scales(rows: Float, columns: Float)
  }

  public var target: Target
  public var mode: Mode
  public var coordinates: Coordinates
  /// Nearest only.
  public var rounding: Rounding

  public init(
    _ target: Target, mode: Mode = .linear, coordinates: Coordinates = .halfPixel,
    rounding: Rounding = .roundPreferFloor
  ) {
    self.target = target
    self.mode = mode
    self.coordinates = coordinates
    self.rounding = rounding
  }
}

public struct GridSample: Sendable, Hashable {
  public enum Mode: String, Sendable, Hashable { case bilinear, nearest }
  public enum Padding: String, Sendable, Hashable { case zeros, border }

  public var mode: Mode
  public var padding: Padding
  public var alignCorners: Bool

  public init(mode: Mode = .bilinear, padding: Padding = .border, alignCorners: Bool = false) {
    self.mode = mode
    self.padding = padding
    self.alignCorners = alignCorners
  }
}

/// Samples a map where offsets point (SRM, arXiv 2412.08671): bilinear, border padding, pixel centres at
/// half-integers.
public struct Warp: Sendable, Hashable {
  /// Output pixels for each source pixel, both ways: 2 samples a coarse source, 1 an upsampled one.
  public var scale: Int

  public init(scale: Int) { self.scale = scale }
}

/// Each fine pixel takes from the cells around its own cell of a coarse map (RSP, arXiv 2106.01744): the values
/// weighted by the softmax of `scale * query · key + bias`. Cells beyond the border have zero keys and values.
public struct LocalAttention: Sendable, Hashable {
  /// Rows and columns of the region, in coarse cells; odd.
  public var region: Int
  public var scale: Float

  /// Cells of the region.
  public var cells: Int { region * region }

  public init(region: Int, scale: Float) {
    self.region = region
    self.scale = scale
  }
}
