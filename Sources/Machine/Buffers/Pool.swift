// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A fixed number of reusable values, made at the start, lent and taken back without allocation.
///
/// `take` waits for nothing: the queues between stages bound how many values can be out, so an empty
/// pool means that its size was computed wrongly, which traps.
public final class Pool<Value: AnyObject & Sendable>: Sendable {
  private let free: Mutex<[Value]>

  /// How many values exist.
  public let count: Int

  public init(count: Int, make: () -> Value) {
    self.count = count
    free = Mutex((0..<count).map { _ in make() })
  }

  public func take() -> Lease<Value> {
    let value = free.withLock { $0.popLast() }
    guard let value else { preconditionFailure("pool of \(count) \(Value.self) exhausted") }
    return Lease(value: value, pool: self)
  }

  fileprivate func giveBack(_ value: Value) { free.withLock { $0.append(value) } }
}

/// A value on loan from a pool. It goes back when the last reference to the lease is dropped.
public final class Lease<Value: AnyObject & Sendable>: Sendable {
  public let value: Value
  private let pool: Pool<Value>

  fileprivate init(value: Value, pool: Pool<Value>) {
    self.value = value
    self.pool = pool
  }

  deinit { pool.giveBack(value) }
}
