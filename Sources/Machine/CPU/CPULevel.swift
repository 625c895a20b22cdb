// SPDX-License-Identifier: Apache-2.0

package import CKernels

/// A bundle of instructions that kernels may use; higher cases of one architecture contain the lower. A level says
/// everything: below `avx512fp16` nothing is computed in halves although the machine could.
public enum CPULevel: String, Sendable, Hashable, CaseIterable {
  case scalar
  case avx2, avxvnni, avx512vnni, avx512bf16, avx512fp16, amx
  case neon, neonfp16, neondot, i8mm

  /// The highest level this machine can use, or less where the environment variable ROADMASK_CPU names a lower one.
  public static var best: CPULevel { CPULevel(rm_cpu_detect()) ?? .scalar }

  /// The levels this machine can use, lowest first.
  public static var usable: [CPULevel] { allCases.filter { rm_cpu_usable($0.rawLevel) != 0 } }

  /// What ROADMASK_CPU says where that is no level of this architecture.
  public static var unknownLimit: String? { rm_cpu_unknown_limit().map { String(cString: $0) } }

  /// The CPU's name as the system reports it.
  public static var cpuName: String { String(cString: rm_cpu_name()) }

  init?(_ level: rm_cpu_level) {
    guard let match = CPULevel.allCases.first(where: { $0.rawLevel == level }) else { return nil }
    self = match
  }

  package var rawLevel: rm_cpu_level {
    switch self {
    case .scalar: RM_CPU_SCALAR
    case .avx2: RM_CPU_AVX2
    case .avxvnni: RM_CPU_AVXVNNI
    case .avx512vnni: RM_CPU_AVX512VNNI
    case .avx512bf16: RM_CPU_AVX512BF16
    case .avx512fp16: RM_CPU_AVX512FP16
    case .amx: RM_CPU_AMX
    case .neon: RM_CPU_NEON
    case .neonfp16: RM_CPU_NEONFP16
    case .neondot: RM_CPU_NEONDOT
    case .i8mm: RM_CPU_I8MM
    }
  }
}
