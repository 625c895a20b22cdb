// SPDX-License-Identifier: Apache-2.0

/// What the threads of a pool share: units that may be done in any order, by any of them.
public protocol PoolWork: AnyObject, Sendable {
  var units: Int { get }
  /// Units handed out at a time. Decides speed alone.
  var grain: Int { get }
  /// Whether it is worth waking other threads.
  var isSplit: Bool { get }
  /// Called on the caller before the first unit of a run.
  func begin()
  /// - Parameter worker: which of the pool's threads runs them, from 0, the caller.
  func run(_ units: Range<Int>, worker: Int)
}

extension PoolWork {
  public func begin() {}
}

/// One kernel call made ready: a C function, its arguments, and how many units of output it has.
///
/// Arguments are copied into memory of the job's own and never change, so that running one allocates nothing
/// and any number of threads may share it. The pointers among them belong to whoever made the job and must
/// outlive it.
public final class Job: PoolWork, @unchecked Sendable {
  // @unchecked: the arguments are written once, before anyone else sees the job.

  public typealias Function = @convention(c) (UnsafeRawPointer, Int, Int) -> Void

  let function: Function
  let arguments: UnsafeMutableRawPointer
  /// Units of output, computed in any order.
  public let units: Int
  /// What the function counts in: each unit is `step` of its numbers, and the last may be fewer.
  private let step: Int
  private let count: Int
  public let grain: Int
  public let isSplit: Bool

  /// - Parameters:
  ///   - function: a kernel `(const Arguments *, ptrdiff_t begin, ptrdiff_t end)`.
  ///   - arguments: the bytes of its `Arguments`; they are copied.
  ///   - alignment: of `Arguments`, in bytes.
  ///   - count: what the kernel counts in, from 0 on.
  ///   - step: where calls begin are multiples of it.
  ///   - work: multiply-adds or elements, an estimate of the time.
  public init(
    _ function: Function, _ arguments: UnsafeRawBufferPointer, alignment: Int, units count: Int, step: Int,
    work: Int
  ) {
    precondition(count >= 0 && step > 0)
    (self.count, self.step) = (count, step)
    units = (count + step - 1) / step
    self.function = function
    self.arguments = .allocate(byteCount: arguments.count, alignment: alignment)
    self.arguments.copyMemory(from: arguments.baseAddress!, byteCount: arguments.count)
    isSplit = units > 1 && work >= Job.splitWork
    grain = max(1, min(units / 16, units * Job.grainWork / max(work, 1)))
  }

  deinit { arguments.deallocate() }

  /// Work below which one thread is done before another wakes up.
  private static let splitWork = 200_000
  /// Work that is large against the cost of handing it out.
  private static let grainWork = 400_000

  public func run(_ units: Range<Int>, worker: Int) {
    function(arguments, units.lowerBound * step, min(units.upperBound * step, count))
  }

  /// Runs the whole job on the calling thread.
  public func run() { function(arguments, 0, count) }
}
