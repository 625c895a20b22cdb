// SPDX-License-Identifier: Apache-2.0

internal import CKernels

/// What one thread of this machine can do at most, measured when asked for.
public struct MachinePeak: Sendable {
  /// Integer multiply-adds a second, by the dot product of the level; 0 where it has none.
  public let macs: Double
  /// Multiply-adds of floats a second; 0 where it was not measured.
  public let floatMACs: Double
  /// Multiply-adds of halves a second, and of bf16 in tiles; 0 where the level has none.
  public let halfMACs: Double
  public let bf16MACs: Double
  /// Bytes a second, read and written, from the caches: copies of 4 MiB.
  public let bytes: Double

  public init(level: CPULevel) {
    macs = rm_peak_macs(level.rawLevel)
    floatMACs = rm_peak_f32_macs(level.rawLevel)
    halfMACs = rm_peak_f16_macs(level.rawLevel)
    bf16MACs = rm_peak_bf16_macs(level.rawLevel)
    bytes = rm_peak_bytes(4 << 20)
  }
}
