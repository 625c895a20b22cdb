// SPDX-License-Identifier: Apache-2.0

internal import Workers

extension Job {
  /// - Parameters:
  ///   - function: a kernel `(const Arguments *, ptrdiff_t begin, ptrdiff_t end)`.
  ///   - count: what the kernel counts in, from 0 on.
  ///   - step: where calls begin are multiples of it.
  ///   - work: multiply-adds or elements, an estimate of the time.
  convenience init<Kernel, Arguments: BitwiseCopyable>(
    _ function: Kernel, _ arguments: Arguments, units count: Int, step: Int = 1, work: Int
  ) {
    precondition(MemoryLayout<Kernel>.size == MemoryLayout<Function>.size, "a kernel is a C function")
    let function = unsafeBitCast(function, to: Function.self)
    // A delegating initialiser cannot be called inside a closure, so the bytes are lent from memory of their own.
    let copy = UnsafeMutablePointer<Arguments>.allocate(capacity: 1)
    copy.initialize(to: arguments)
    defer { copy.deallocate() }
    self.init(
      function, UnsafeRawBufferPointer(start: copy, count: MemoryLayout<Arguments>.size),
      alignment: MemoryLayout<Arguments>.alignment, units: count, step: step, work: work)
  }
}
