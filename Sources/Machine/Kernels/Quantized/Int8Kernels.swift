// SPDX-License-Identifier: Apache-2.0

internal import CKernels
public import CPU

/// The integer kernels of one CPU level. Each method makes jobs of a call; memory belongs to the caller.
///
/// Results are the same bytes at every level and for every split of a job.
public struct Int8Kernels: @unchecked Sendable {
  // @unchecked: the table is constant.

  public let level: CPULevel
  let table: rm_int8_kernels

  public init(level: CPULevel) {
    precondition(CPULevel.usable.contains(level), "this machine has no \(level)")
    self.level = level
    table = rm_int8_table(level.rawLevel).pointee
  }

  /// The kernel of this level that does something.
  ///
  /// - Precondition: there is one: `family` is a slot of the integer kernels.
  public func kernel(_ family: KernelID.Family) -> KernelID {
    let id = withUnsafePointer(to: table) { rm_int8_kernel_id($0, family.rawValue) }
    guard let id else { preconditionFailure("no integer kernel for \(family)") }
    return KernelID(family, id.pointee)
  }
}

/// A channels-last map of quantized numbers, u8, in memory that somebody else owns.
public struct ByteMap {
  public var base: UnsafeMutablePointer<UInt8>
  public var batch: Int
  public var rows: Int
  public var columns: Int
  public var channels: Int
  /// Bytes from a pixel to the next; at least `channels`.
  public var pixelStride: Int
  /// Where these rows are some of a taller map's: the first one's number there.
  public var firstRow: Int

  public init(
    _ base: UnsafeMutablePointer<UInt8>, batch: Int, rows: Int, columns: Int, channels: Int,
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

  /// One map of the batch.
  func image(_ index: Int) -> ByteMap {
    ByteMap(
      base + index * rows * columns * pixelStride, batch: 1, rows: rows, columns: columns, channels: channels,
      pixelStride: pixelStride, firstRow: firstRow)
  }
}

/// Where a kernel's results lie: their zero point, and the limits of a fused activation, as quantized numbers.
public struct StoredRange: Sendable, Hashable {
  public var zero: Int
  public var low: Int
  public var high: Int

  public init(zero: Int, low: Int = 0, high: Int = 255) {
    precondition(0...255 ~= zero && 0...255 ~= low && low...255 ~= high)
    self.zero = zero
    self.low = low
    self.high = high
  }
}

/// The rule that brings one or two quantized values to another scale.
public struct CombineRule: @unchecked Sendable {
  // @unchecked: a C structure of integers.

  let rule: rm_int8_combine

  /// - Parameters:
  ///   - scaleA, scaleB: the operands' scales divided by the result's; B's is negative for a difference and 0
  ///     where there is one operand. The larger magnitude is at most `largestScale`.
  public init(scaleA: Double, zeroA: Int, scaleB: Double = 0, zeroB: Int = 0, to range: StoredRange) {
    precondition(max(abs(scaleA), abs(scaleB)) <= CombineRule.largestScale)
    rule = rm_int8_make_combine(
      scaleA, Int32(zeroA), scaleB, Int32(zeroB), Int32(range.zero), Int32(range.low), Int32(range.high))
  }

  public static let largestScale = 32000.0
}

extension CombineRule: Equatable {
  public static func == (a: CombineRule, b: CombineRule) -> Bool {
    let (a, b) = (a.rule, b.rule)
    return a.multiplier_a == b.multiplier_a && a.multiplier_b == b.multiplier_b && a.offset == b.offset
      && a.shift == b.shift && a.zero == b.zero && a.low == b.low && a.high == b.high
  }
}
