// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import CKernels
public import Workers

/// How a convolution's window moves over its input.
public struct ConvolutionWindow: Sendable, Hashable {
  public var kernelRows: Int
  public var kernelColumns: Int
  public var strideRows = 1
  public var strideColumns = 1
  public var dilationRows = 1
  public var dilationColumns = 1
  public var padTop = 0
  public var padLeft = 0

  public init(kernelRows: Int, kernelColumns: Int) {
    self.kernelRows = kernelRows
    self.kernelColumns = kernelColumns
  }
}

/// Weights of one convolution in the form that one CPU level's kernel takes, and the choice of that kernel.
public struct PackedConvolution: @unchecked Sendable {
  // @unchecked: the function pointer and the packed bytes never change.

  public let window: ConvolutionWindow
  public let inChannels: Int
  public let outChannels: Int
  public let groups: Int
  public let kernel: KernelID
  /// Why it was chosen.
  public let reason: String
  let function: rm_float_conv_fn
  let isDepthwise: Bool
  let weights: AlignedBytes
  let bias: AlignedBytes?

  public var byteCount: Int { weights.count + (bias?.count ?? 0) }
}

extension PackedConvolution: Equatable {
  /// Whether both compute the same with the same kernel.
  public static func == (a: PackedConvolution, b: PackedConvolution) -> Bool {
    a.window == b.window && a.inChannels == b.inChannels && a.outChannels == b.outChannels
      && a.groups == b.groups && a.kernel == b.kernel && a.weights == b.weights && a.bias == b.bias
  }
}

extension FloatKernels {
  /// Chooses the kernel of a convolution and packs its weights.
  ///
  /// - Parameters:
  ///   - weights: `[outChannels][kernelRows][kernelColumns][inChannels / groups]`.
  ///   - bias: `[outChannels]`.
  public func pack(
    _ window: ConvolutionWindow, inChannels: Int, outChannels: Int, groups: Int,
    weights: UnsafeBufferPointer<Float>, bias: UnsafeBufferPointer<Float>?
  ) -> PackedConvolution {
    let taps = window.kernelRows * window.kernelColumns
    if let others = othersFor(taps: taps, inChannels: inChannels, outChannels: outChannels, groups: groups) {
      return others.pack(
        window, inChannels: inChannels, outChannels: outChannels, groups: groups, weights: weights,
        bias: bias)
    }
    precondition(groups > 0 && inChannels % groups == 0 && outChannels % groups == 0)
    precondition(
      weights.count == outChannels * taps * (inChannels / groups), "weights do not fit the convolution")
    precondition(bias == nil || bias!.count == outChannels, "bias does not fit the convolution")
    var shape = rm_float_conv()
    shape.in_channels = Int32(inChannels)
    shape.out_channels = Int32(outChannels)
    shape.groups = Int32(groups)
    shape.kernel_rows = Int32(window.kernelRows)
    shape.kernel_columns = Int32(window.kernelColumns)
    shape.stride_columns = Int32(window.strideColumns)
    shape.dilation_columns = Int32(window.dilationColumns)

    let table = table.pointee
    let isDepthwise = groups == inChannels && groups == outChannels && groups > 1
    let pack = isDepthwise || rm_float_conv_fits(&shape) == 0 ? nil : table.conv_pack
    let packed: AlignedBytes
    let function: rm_float_conv_fn
    let kernel: KernelID
    let reason: String
    if isDepthwise {
      let floats = AlignedBytes(count: weights.count * MemoryLayout<Float>.stride)
      rm_float_dwconv_pack(Int32(outChannels), Int32(taps), weights.baseAddress, floats.floats)
      packed = stored(floats.floats, count: weights.count)
      let is3x3 =
        window.kernelRows == 3 && window.kernelColumns == 3 && window.dilationRows == 1
        && window.dilationColumns == 1 && window.strideColumns <= 2
      function = is3x3 ? table.dwconv3x3.function : table.dwconv.function
      kernel = self.kernel(is3x3 ? .dwconv3x3 : .dwconv)
      reason = is3x3 ? "depthwise 3x3" : "depthwise"
    } else if let pack {
      packed = AlignedBytes(count: table.conv_packed_bytes(&shape))
      kernel = self.kernel(.conv)
      if kernel.numbers == .bf16 {
        let rounding = WeightRounding(
          channels: outChannels, taps: taps, depth: inChannels / groups, isChannelsLast: true)
        rounding.rounded(weights) { $0.roundedToBF16 }.withUnsafeBufferPointer {
          pack(&shape, $0.baseAddress, packed.pointer)
        }
      } else {
        pack(&shape, weights.baseAddress, packed.pointer)
      }
      function = table.conv.function
      reason =
        (taps == 1 ? "1x1, packed weights" : "dense window, packed weights, no patch matrix")
        + (kernel.numbers == .bf16 ? ", products of bf16" : kernel.usesTiles ? ", pairs of bf16" : "")
    } else {
      packed = stored(weights.baseAddress!, count: weights.count)
      function = atScalar.table.pointee.conv.function
      kernel = scalarKernel(.conv)
      reason =
        table.conv_pack == nil ? "the level has no vector kernel" : "window too large for packed weights"
    }
    let storedBias = bias.map { source in
      let bytes = AlignedBytes(count: source.count * MemoryLayout<Float>.stride)
      bytes.pointer.copyMemory(from: source.baseAddress!, byteCount: bytes.count)
      return bytes
    }
    return PackedConvolution(
      window: window, inChannels: inChannels, outChannels: outChannels, groups: groups, kernel: kernel,
      reason: reason, function: function, isDepthwise: isDepthwise, weights: packed, bias: storedBias)
  }
}

extension FloatKernels {
  /// `count` floats as elements.
  private func stored(_ floats: UnsafePointer<Float>, count: Int) -> AlignedBytes {
    let elements = AlignedBytes(count: count * element.byteCount)
    if element == .float16 {
      rm_float_to_halves(floats, elements.pointer.assumingMemoryBound(to: UInt16.self), count)
    } else {
      elements.pointer.copyMemory(from: floats, byteCount: elements.count)
    }
    return elements
  }

  /// Kernels that are faster than these at convolutions of few terms, which are dearer to bring together than to
  /// multiply one by one, or that sum many terms more exactly; `nil` where these are the ones. The bounds were
  /// measured on Sapphire Rapids.
  private func othersFor(taps: Int, inChannels: Int, outChannels: Int, groups: Int) -> FloatKernels? {
    let depth = inChannels / groups
    guard groups < inChannels || groups == 1 else { return nil }
    let conv = kernel(.conv)
    switch (conv.numbers, conv.isa) {
    case (.half, .amx) where taps * depth < 64, (.bf16, .amx) where taps * depth < 32:
      return FloatKernels(level: .avx512fp16, element: element)
    case (.bf16, .avx512bf16) where depth < 8 && groups == 1:
      return FloatKernels(level: level, element: element)
    case (.half, .avx512fp16) where taps * depth > 256:
      return FloatKernels(level: .avx512vnni, element: element)
    case (.half, .neonfp16) where taps * depth > 256: return FloatKernels(level: .neon, element: element)
    default: return nil
    }
  }
}

extension PackedConvolution {
  /// - Parameters:
  ///   - residual: added to the output, element for element; may be the output itself.
  ///   - addFirst: `limits` apply to the sum with the residual, not before it.
  public func job(
    input: MapView, output: MapView, limits: Limits, residual: MapView? = nil, addFirst: Bool = false
  )
    -> Job
  {
    precondition(
      input.channels == inChannels && output.channels == outChannels && input.batch == output.batch)
    var c = rm_float_conv()
    c.input = UnsafeRawPointer(input.base)
    c.weights = UnsafeRawPointer(weights.pointer)
    c.bias = bias.map { UnsafePointer($0.floats) }
    c.output = output.base
    c.in_stride = input.pixelStride
    c.out_stride = output.pixelStride
    if let residual {
      precondition(residual.pixels == output.pixels && residual.channels == outChannels)
      c.residual = UnsafeRawPointer(residual.base)
      c.residual_stride = residual.pixelStride
    }
    c.batch = Int32(input.batch)
    c.in_rows = Int32(input.rows)
    c.in_columns = Int32(input.columns)
    c.in_channels = Int32(inChannels)
    c.out_rows = Int32(output.rows)
    c.out_columns = Int32(output.columns)
    c.out_channels = Int32(outChannels)
    c.groups = Int32(groups)
    c.kernel_rows = Int32(window.kernelRows)
    c.kernel_columns = Int32(window.kernelColumns)
    c.stride_rows = Int32(window.strideRows)
    c.stride_columns = Int32(window.strideColumns)
    c.dilation_rows = Int32(window.dilationRows)
    c.dilation_columns = Int32(window.dilationColumns)
    c.pad_top = Int32(window.padTop + input.firstRow - output.firstRow * window.strideRows)
    c.pad_left = Int32(window.padLeft)
    c.add_first = addFirst ? 1 : 0
    c.low = limits.low
    c.high = limits.high
    let macs = output.elements * window.kernelRows * window.kernelColumns * (inChannels / groups)
    let tile = Int(RM_FLOAT_CONV_TILE)
    let units = isDepthwise ? output.batch * output.rows : (output.pixels + tile - 1) / tile
    // A depthwise multiply-add costs about four dense ones, for it waits on memory.
    return Job(function, c, units: units, work: isDepthwise ? macs * 4 : kernel.usesTiles ? macs / 64 : macs)
  }
}

extension Float {
  /// The nearest number of 8 significant bits, ties to even.
  fileprivate var roundedToBF16: Float {
    var (number, bits) = (self, UInt16(0))
    rm_float_to_bf16(&number, &bits, 1)
    return Float(bitPattern: UInt32(bits) << 16)
  }
}

extension AlignedBytes {
  var floats: UnsafeMutablePointer<Float> { pointer.assumingMemoryBound(to: Float.self) }
}
