// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import CKernels
public import Workers

/// Weights of one integer convolution in the form that one CPU level's kernel takes.
public struct PackedInt8Convolution: @unchecked Sendable {
  // @unchecked: the packed bytes never change.

  public let window: ConvolutionWindow
  public let inChannels: Int
  public let outChannels: Int
  public let isDepthwise: Bool
  public let kernel: KernelID
  /// Why it is not one of the level's own instruction set; `nil` where it is.
  public let whyNotOwn: String?
  public var byteCount: Int { packed.count + pad.count }

  let packed: AlignedBytes
  /// What lies outside the map: the input's zero point.
  let pad: AlignedBytes
  let function: @convention(c) (UnsafePointer<rm_int8_conv_call>?, Int, Int) -> Void
}

extension PackedInt8Convolution: Equatable {
  /// Whether both compute the same with the same kernel.
  public static func == (a: PackedInt8Convolution, b: PackedInt8Convolution) -> Bool {
    a.window == b.window && a.inChannels == b.inChannels && a.outChannels == b.outChannels
      && a.isDepthwise == b.isDepthwise && a.kernel == b.kernel && a.packed == b.packed && a.pad == b.pad
  }
}

/// A map to add to a convolution's quantized result.
public struct Int8Residual {
  public var map: ByteMap
  /// Of the convolution's result and the map.
  public var rule: CombineRule

  public init(_ map: ByteMap, rule: CombineRule) {
    self.map = map
    self.rule = rule
  }
}

extension Int8Kernels {
  /// Whether a kernel takes a convolution: one group with up to 121 taps and 128 KiB of terms, or a window of up to
  /// 16 rows and 32 columns for each channel by itself (`rm_int8_conv_fits`).
  public static func takes(
    _ window: ConvolutionWindow, inChannels: Int, outChannels: Int, groups: Int
  ) -> Bool {
    guard groups == 1 || groups == inChannels && groups == outChannels else { return false }
    var shape = window.shape
    shape.in_channels = Int32(inChannels)
    shape.out_channels = Int32(outChannels)
    return rm_int8_conv_fits(&shape, groups == 1 ? 0 : 1) != 0
  }

  /// - Parameters:
  ///   - weights: `[outChannels][kernelRows][kernelColumns][inChannels / groups]`.
  ///   - bias: `[outChannels]`, in units of input scale times weight scale.
  ///   - multipliers: `[outChannels]`, input scale times weight scale divided by output scale.
  public func pack(
    _ window: ConvolutionWindow, inChannels: Int, outChannels: Int, groups: Int, inputZero: Int,
    weights: [Int8], bias: [Int32], multipliers: [Float]
  ) -> PackedInt8Convolution {
    precondition(Int8Kernels.takes(window, inChannels: inChannels, outChannels: outChannels, groups: groups))
    precondition(
      weights.count == outChannels * window.kernelRows * window.kernelColumns * (inChannels / groups))
    precondition(bias.count == outChannels && multipliers.count == outChannels)
    var shape = window.shape
    shape.in_channels = Int32(inChannels)
    shape.out_channels = Int32(outChannels)
    let isDepthwise = groups > 1
    let packed = AlignedBytes(
      count: isDepthwise ? table.dwconv_packed_bytes(&shape) : table.conv_packed_bytes(&shape))
    let pad = AlignedBytes(count: rm_int8_pad_bytes(&shape))
    pad.pointer.initializeMemory(as: UInt8.self, repeating: UInt8(inputZero), count: pad.count)
    weights.withUnsafeBufferPointer { weights in
      bias.withUnsafeBufferPointer { bias in
        multipliers.withUnsafeBufferPointer { multipliers in
          var from = rm_int8_conv_weights(
            weights: weights.baseAddress, bias: bias.baseAddress, multiplier: multipliers.baseAddress,
            in_zero: Int32(inputZero))
          if isDepthwise {
            table.dwconv_pack(&shape, &from, packed.pointer)
          } else {
            table.conv_pack(&shape, &from, packed.pointer)
          }
        }
      }
    }
    let choice = rm_int8_conv_choice(level.rawLevel, &shape, isDepthwise ? 1 : 0)
    return PackedInt8Convolution(
      window: window, inChannels: inChannels, outChannels: outChannels, isDepthwise: isDepthwise,
      kernel: KernelID(isDepthwise ? .dwconv : .conv, choice.id.pointee),
      whyNotOwn: choice.why_not.map { String(cString: $0) }, packed: packed, pad: pad,
      function: isDepthwise ? table.dwconv.function : table.conv.function)
  }
}

extension PackedInt8Convolution {
  /// A job for each map of the batch.
  ///
  /// - Parameter range: of the convolution's own result, before a residual.
  public func jobs(input: ByteMap, output: ByteMap, range: StoredRange, residual: Int8Residual? = nil)
    -> [Job]
  {
    precondition(
      input.channels == inChannels && output.channels == outChannels && input.batch == output.batch)
    precondition(residual == nil || !isDepthwise && residual!.map.pixels == output.pixels)
    let taps = window.kernelRows * window.kernelColumns
    return (0..<input.batch).map { index in
      let (from, to) = (input.image(index), output.image(index))
      var call = rm_int8_conv_call()
      call.shape = window.shape
      call.shape.pad_top = Int32(window.padTop + from.firstRow - to.firstRow * window.strideRows)
      call.shape.in_rows = Int32(input.rows)
      call.shape.in_columns = Int32(input.columns)
      call.shape.in_channels = Int32(inChannels)
      call.shape.out_rows = Int32(output.rows)
      call.shape.out_columns = Int32(output.columns)
      call.shape.out_channels = Int32(outChannels)
      call.in = UnsafePointer(from.base)
      call.in_pixel = from.pixelStride
      call.out = to.base
      call.out_pixel = to.pixelStride
      call.packed = UnsafeRawPointer(packed.pointer)
      call.pad = UnsafePointer(pad.pointer.assumingMemoryBound(to: UInt8.self))
      call.out_zero = Int32(range.zero)
      call.low = Int32(range.low)
      call.high = Int32(range.high)
      if let residual {
        let other = residual.map.image(index)
        call.residual = UnsafePointer(other.base)
        call.residual_pixel = other.pixelStride
        call.join = residual.rule.rule
      }
      let macs = to.elements * taps * (isDepthwise ? 1 : inChannels)
      // In multiply-adds of floats, which Job counts in: four times as many dense ones fit in the same time.
      return Job(function, call, units: to.rows, work: isDepthwise ? macs : macs / 4)
    }
  }
}

extension ConvolutionWindow {
  var shape: rm_int8_conv_shape {
    var shape = rm_int8_conv_shape()
    shape.kernel_rows = Int32(kernelRows)
    shape.kernel_columns = Int32(kernelColumns)
    shape.stride_rows = Int32(strideRows)
    shape.stride_columns = Int32(strideColumns)
    shape.dilation_rows = Int32(dilationRows)
    shape.dilation_columns = Int32(dilationColumns)
    shape.pad_top = Int32(padTop)
    shape.pad_left = Int32(padLeft)
    return shape
  }
}
