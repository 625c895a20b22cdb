// SPDX-License-Identifier: Apache-2.0

internal import CKernels
public import CPU

/// Which compute function runs: what it does, on which numbers, by which instructions.
///
/// Everything that depends on the kernel of a step asks these three; `description` is for people and is parsed by
/// nothing.
public struct KernelID: Sendable, Hashable {
  /// What the kernel does. Raw values are names of slots in the C tables.
  public enum Family: String, Sendable, Hashable, CaseIterable {
    case conv, dwconv, dwconv3x3, matmul
    case add, sub, mul, div, combine
    case clamp, sigmoid, softmax, table
    case hardSigmoid = "hard_sigmoid"
    case hardSwish = "hard_swish"
    case maxPool = "max_pool"
    case averagePool = "average_pool"
    case globalAveragePool = "global_average_pool"
    case mean, reduce
    case argMax = "arg_max"
    case copy, fill, resize, sample, gridsample, warp
    case localAttention = "local_attention"
    case globalAttention = "global_attention"
    case quantize, dequantize
    case toFloat = "to_float"
    case fromFloat = "from_float"
    /// The same memory under another shape: no function runs.
    case view
  }

  /// What it computes with.
  public enum Numbers: Sendable, Hashable {
    /// Unsigned bytes with a scale and a zero point. Exact: the same bytes at every level.
    case quantized
    /// Float16 in memory, computed as halves or wider.
    case half
    /// Float16 in memory, rounded to bf16 where it is multiplied: each product has an error of up to 2^-8.
    case bf16
    /// Float32.
    case float
    /// None: elements of any type are moved.
    case any
  }

  /// What it is made of.
  public enum ISA: String, Sendable, Hashable, CaseIterable {
    case scalar
    case avx2, avxvnni, avx512, avx512vnni, avx512vbmi, avx512bf16, avx512fp16, amx
    case neon, neonfp16, neondot, i8mm
    /// The BLAS library's own choice.
    case openBLAS = "openblas"
  }

  public let family: Family
  public let numbers: Numbers
  public let isa: ISA

  public init(_ family: Family, _ numbers: Numbers, _ isa: ISA) {
    self.family = family
    self.numbers = numbers
    self.isa = isa
  }

  /// Whether the kernel does nothing but turn numbers of one type into another.
  public var isConversion: Bool {
    switch family {
    case .quantize, .dequantize, .toFloat, .fromFloat: true
    default: false
    }
  }

  /// Whether products run in tiles: each part of a job stages its input anew, so parts are to be large.
  public var usesTiles: Bool { isa == .amx }
}

extension KernelID: CustomStringConvertible {
  /// The C function's name without "rm_": "int8_conv__avx512vnni".
  public var description: String {
    let stem = [numbers.prefix, family.rawValue].compactMap { $0 }.joined(separator: "_")
    return family == .view ? stem : "\(stem)__\(isa.rawValue)"
  }
}

extension KernelID.Numbers {
  fileprivate var prefix: String? {
    switch self {
    case .quantized: "int8"
    case .half: "f16"
    case .bf16: "bf16"
    case .float: "f32"
    case .any: nil
    }
  }

  init(_ numbers: rm_numbers) {
    switch numbers {
    case RM_NUMBERS_QUANTIZED: self = .quantized
    case RM_NUMBERS_HALF: self = .half
    case RM_NUMBERS_BF16: self = .bf16
    case RM_NUMBERS_FLOAT: self = .float
    default: self = .any
    }
  }
}

extension KernelID.ISA {
  init(_ isa: rm_isa) {
    switch isa {
    case RM_ISA_scalar: self = .scalar
    case RM_ISA_avx2: self = .avx2
    case RM_ISA_avxvnni: self = .avxvnni
    case RM_ISA_avx512: self = .avx512
    case RM_ISA_avx512vnni: self = .avx512vnni
    case RM_ISA_avx512vbmi: self = .avx512vbmi
    case RM_ISA_avx512bf16: self = .avx512bf16
    case RM_ISA_avx512fp16: self = .avx512fp16
    case RM_ISA_amx: self = .amx
    case RM_ISA_neon: self = .neon
    case RM_ISA_neonfp16: self = .neonfp16
    case RM_ISA_neondot: self = .neondot
    case RM_ISA_i8mm: self = .i8mm
    default: preconditionFailure("an instruction set without a name")
    }
  }
}

extension KernelID {
  /// The record of a slot.
  init(_ family: Family, _ id: rm_kernel_id) {
    self.init(family, Numbers(id.numbers), ISA(id.isa))
    assert(description == String(cString: id.name), "\(self) is not \(String(cString: id.name))")
  }
}

extension MachinePeak {
  /// Multiply-adds a second that one thread could reach with a kernel's instructions; 0 where it was not measured.
  public func macs(by kernel: KernelID) -> Double {
    switch (kernel.numbers, kernel.isa) {
    case (.quantized, _): macs
    case (.bf16, .amx): bf16MACs
    // A half is two bf16, and the product of the lower ones is left out.
    case (.half, .amx): bf16MACs / 3
    case (.half, .avx512fp16): halfMACs
    case (.half, .neonfp16), (.bf16, _), (.any, _): 0
    case (.half, _), (.float, _): floatMACs
    }
  }
}
