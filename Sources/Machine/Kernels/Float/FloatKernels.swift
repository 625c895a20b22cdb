// SPDX-License-Identifier: Apache-2.0

public import Buffers
internal import CKernels
public import CPU

/// The kernels on floats or halves of one CPU level, for elements that are float32 or float16. Each method checks its
/// operands against the kernel's contract and makes a job of them; memory belongs to the caller.
public struct FloatKernels: @unchecked Sendable {
  // @unchecked: tables are constant.

  public let level: CPULevel
  /// What elements are: float32, or float16, which is computed in float32 unless the level computes halves.
  public let element: DType
  let table: UnsafePointer<rm_float_table>

  /// - Parameter multipliesBF16: convolutions on halves round input and weights to bf16 where the level has
  ///   products of them, which are faster and have an error of up to 2^-8.
  public init(level: CPULevel, element: DType = .float32, multipliesBF16: Bool = false) {
    precondition(element.isReal, "kernels on \(element)")
    precondition(CPULevel.usable.contains(level), "this machine has no \(level)")
    self.level = level
    self.element = element
    table = rm_float_kernels(
      level.rawLevel,
      element == .float32 ? RM_NUMBERS_FLOAT : multipliesBF16 ? RM_NUMBERS_BF16 : RM_NUMBERS_HALF)
  }

  /// The kernel of these that does something.
  ///
  /// - Precondition: there is one: `family` is a slot of the kernels on `element`.
  public func kernel(_ family: KernelID.Family) -> KernelID {
    guard let id = rm_float_kernel_id(table, family.rawValue) else {
      preconditionFailure("no kernel for \(family) on \(element)")
    }
    return KernelID(family, id.pointee)
  }

  /// The same where all levels share the scalar kernel, for shapes that vectorised ones hand on to it.
  public func scalarKernel(_ family: KernelID.Family) -> KernelID { atScalar.kernel(family) }

  var atScalar: FloatKernels { FloatKernels(level: .scalar, element: element) }
}

/// A channels-last map of floats or halves in memory that somebody else owns.
public struct MapView {
  public var base: UnsafeMutableRawPointer
  public var batch: Int
  public var rows: Int
  public var columns: Int
  public var channels: Int
  /// Elements from a pixel to the next; at least `channels`.
  public var pixelStride: Int
  /// Where these rows are some of a taller map's: the first one's number there.
  public var firstRow: Int

  public init(
    _ base: UnsafeMutableRawPointer, batch: Int, rows: Int, columns: Int, channels: Int,
    pixelStride: Int? = nil, firstRow: Int = 0
  ) {
    self.base = base
    self.batch = batch
    self.rows = rows
    self.columns = columns
    self.channels = channels
    self.pixelStride = pixelStride ?? channels
    self.firstRow = firstRow
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
