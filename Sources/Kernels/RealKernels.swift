// SPDX-License-Identifier: Apache-2.0

internal import CKernels

/// The floating-point kernels of one CPU level. Each method checks its operands against the kernel's contract
/// and makes a job of them; memory belongs to the caller.
public struct RealKernels: @unchecked Sendable {
  // @unchecked: tables are constant.

  public let level: CPULevel
  let table: UnsafePointer<rm_real_table>

  public init(level: CPULevel) {
    precondition(CPULevel.usable.contains(level), "this machine has no \(level)")
    self.level = level
    table = rm_real_kernels(level.rawLevel)
  }

  /// The instruction set behind the vectorised kernels: "scalar", "avx2", "avx512".
  public var isa: String { String(cString: rm_real_kernels_name(level.rawLevel)) }
}

/// A channels-last map of floats in memory that somebody else owns.
public struct MapView {
  public var base: UnsafeMutablePointer<Float>
  public var batch: Int
  public var rows: Int
  public var columns: Int
  public var channels: Int
  /// Elements from a pixel to the next; at least `channels`.
  public var pixelStride: Int

  public init(
    _ base: UnsafeMutablePointer<Float>, batch: Int, rows: Int, columns: Int, channels: Int,
    pixelStride: Int? = nil
  ) {
    self.base = base
    self.batch = batch
    self.rows = rows
    self.columns = columns
    self.channels = channels
    self.pixelStride = pixelStride ?? channels
    precondition(self.pixelStride >= channels && batch > 0 && rows > 0 && columns > 0 && channels > 0)
  }

  public var pixels: Int { batch * rows * columns }
  public var elements: Int { pixels * channels }
}

/// The limits of a fused activation.
public struct Limits: Sendable, Hashable {
  public var low: Float
  public var high: Float

  public init(low: Float, high: Float) {
    self.low = low
    self.high = high
  }

  public static let none = Limits(low: -.infinity, high: .infinity)
}

/// Writes `values` into the fixed array of a C structure.
func setArray<Tuple>(_ tuple: inout Tuple, with values: [Int]) {
  precondition(values.count * MemoryLayout<Int>.stride <= MemoryLayout<Tuple>.size)
  withUnsafeMutableBytes(of: &tuple) { bytes in
    for (index, value) in values.enumerated() {
      bytes.storeBytes(of: value, toByteOffset: index * MemoryLayout<Int>.stride, as: Int.self)
    }
  }
}
