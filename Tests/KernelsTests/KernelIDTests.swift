// SPDX-License-Identifier: Apache-2.0

import Buffers
import CPU
import Kernels
import Testing

/// What is known about a kernel comes from its record in the C tables.
struct KernelIDTests {
  private static let quantized: [KernelID.Family] = [
    .conv, .dwconv, .combine, .mul, .table, .maxPool, .averagePool, .mean, .resize, .softmax, .warp,
    .localAttention, .globalAttention, .sample, .matmul, .fill, .quantize, .dequantize,
  ]
  private static let float: [KernelID.Family] = [
    .conv, .dwconv, .dwconv3x3, .add, .sub, .mul, .div, .clamp, .sigmoid, .hardSigmoid, .hardSwish, .softmax,
    .averagePool, .maxPool, .globalAveragePool, .reduce, .argMax, .fill, .resize, .gridsample, .warp,
    .localAttention, .matmul, .quantize, .dequantize, .toFloat, .fromFloat,
  ]

  @Test(arguments: CPULevel.usable)
  func everySlotSaysWhatItIs(_ level: CPULevel) {
    for family in Self.quantized {
      let kernel = Int8Kernels(level: level).kernel(family)
      #expect(kernel.family == family && kernel.numbers == .quantized)
      #expect(kernel.description == "int8_\(family.rawValue)__\(kernel.isa.rawValue)")
      if level == .scalar { #expect(kernel.isa == .scalar) }
    }
    for family in Self.float {
      let kernel = FloatKernels(level: level).kernel(family)
      #expect(kernel.family == family && kernel.numbers == .float)
      #expect(kernel.description == "f32_\(family.rawValue)__\(kernel.isa.rawValue)")
      let half = FloatKernels(level: level, element: .float16).kernel(family)
      #expect(half.numbers == .half && half.description == "f16_\(family.rawValue)__\(half.isa.rawValue)")
      if level == .scalar { #expect(kernel.isa == .scalar && half.isa == .scalar) }
    }
    #expect(FloatKernels(level: level).kernel(.globalAttention).numbers == .float)
    #expect(FloatKernels(level: level).kernel(.copy).description == "copy__scalar")
  }

  /// A level is the whole truth: nothing of a higher one is used at it.
  @Test(arguments: CPULevel.usable)
  func aLevelUsesNothingAboveIt(_ level: CPULevel) {
    let own: Set<KernelID.ISA> =
      switch level {
      case .scalar: [.scalar]
      case .avx2: [.scalar, .avx2]
      case .avxvnni: [.scalar, .avx2, .avxvnni]
      case .avx512vnni: [.scalar, .avx2, .avx512, .avx512vnni]
      case .avx512bf16: [.scalar, .avx2, .avx512, .avx512vnni, .avx512bf16]
      case .avx512fp16: [.scalar, .avx2, .avx512, .avx512vnni, .avx512bf16, .avx512fp16]
      case .amx: [.scalar, .avx2, .avx512, .avx512vnni, .avx512vbmi, .avx512bf16, .avx512fp16, .amx]
      case .neon: [.scalar, .neon]
      case .neonfp16: [.scalar, .neon, .neonfp16]
      case .neondot: [.scalar, .neon, .neonfp16, .neondot]
      case .i8mm: [.scalar, .neon, .neonfp16, .neondot, .i8mm]
      }
    for family in Self.quantized { #expect(own.contains(Int8Kernels(level: level).kernel(family).isa)) }
    for (element, multipliesBF16) in [(DType.float32, false), (.float16, false), (.float16, true)] {
      let kernels = FloatKernels(level: level, element: element, multipliesBF16: multipliesBF16)
      for family in Self.float { #expect(own.contains(kernels.kernel(family).isa), "\(family) at \(level)") }
    }
  }

  @Test func bf16IsSaidOfConvolutionsAlone() {
    for level in CPULevel.usable {
      let kernels = FloatKernels(level: level, element: .float16, multipliesBF16: true)
      let rounds = [.avx512bf16, .avx512fp16, .amx].contains(level)
      #expect(kernels.kernel(.conv).numbers == (rounds ? .bf16 : .half))
      #expect(kernels.kernel(.add).numbers == .half)
    }
  }

  /// A description that merely looks like another kernel's changes nothing.
  @Test func questionsAreAskedOfValues() {
    #expect(
      KernelID(.quantize, .quantized, .avx2).isConversion && KernelID(.toFloat, .half, .scalar).isConversion)
    #expect(!KernelID(.conv, .quantized, .avx2).isConversion)
    #expect(KernelID(.conv, .half, .amx).usesTiles && !KernelID(.conv, .half, .avx512fp16).usesTiles)
    #expect(KernelID(.view, .quantized, .scalar).description == "int8_view")
    #expect(KernelID(.matmul, .float, .openBLAS).description == "f32_matmul__openblas")
  }

  /// Few terms, or many in halves, are another kernel's; what is packed says so.
  @Test func packedConvolutionsNameTheKernelThatRuns() {
    for level in CPULevel.usable {
      let kernels = FloatKernels(level: level, element: .float16)
      for channels in [3, 512] {
        let weights = [Float](repeating: 0.5, count: channels * 8)
        let packed = weights.withUnsafeBufferPointer {
          kernels.pack(
            ConvolutionWindow(kernelRows: 1, kernelColumns: 1), inChannels: channels, outChannels: 8,
            groups: 1,
            weights: $0, bias: nil)
        }
        let expected: KernelID.ISA =
          switch level {
          case .amx: channels == 3 ? .avx512fp16 : .amx
          case .avx512fp16: channels == 3 ? .avx512fp16 : .avx512
          case .neonfp16, .neondot, .i8mm: channels == 3 ? .neonfp16 : .neon
          default: kernels.kernel(.conv).isa
          }
        #expect(packed.kernel == KernelID(.conv, .half, expected), "\(level) \(channels)")
      }
    }
  }

  /// Scratch has sizes by constants, so a window or a depth beyond them goes to another kernel.
  @Test func convolutionsBeyondTheScratchAreNotTaken() {
    let window = ConvolutionWindow(kernelRows: 3, kernelColumns: 3)
    #expect(Int8Kernels.takes(window, inChannels: 512, outChannels: 8, groups: 1))
    #expect(!Int8Kernels.takes(window, inChannels: 1 << 16, outChannels: 8, groups: 1))
    let large = ConvolutionWindow(kernelRows: 12, kernelColumns: 11)
    #expect(!Int8Kernels.takes(large, inChannels: 4, outChannels: 8, groups: 1))
    #expect(Int8Kernels.takes(large, inChannels: 4, outChannels: 4, groups: 4))
    #expect(!Int8Kernels.takes(window, inChannels: 4, outChannels: 8, groups: 2))
  }
}
