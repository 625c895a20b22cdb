// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Memory for kernels: 64-byte aligned, with room behind the end that vector loads may read.
///
/// Whoever holds the only reference may write; once shared across threads the bytes are read-only by
/// convention of the owner (a tensor, an arena, a picture).
public final class AlignedBytes: @unchecked Sendable {
  // @unchecked: the pointer is fixed for life; who may write is settled by the owning type.

  public static let alignment = 64
  /// Bytes behind `count` that are allocated and readable, so that kernels may load a whole vector.
  public static let overRead = 64
  private static let hugePage = 2 << 20

  public let pointer: UnsafeMutableRawPointer
  public let count: Int

  /// Allocates `count` zeroed bytes.
  public init(count: Int) {
    precondition(count >= 0)
    self.count = count
    let size = (count + AlignedBytes.overRead + 63) & ~63
    let isLarge = size >= AlignedBytes.hugePage
    var memory: UnsafeMutableRawPointer?
    guard posix_memalign(&memory, isLarge ? AlignedBytes.hugePage : AlignedBytes.alignment, size) == 0,
      let memory
    else { endWithoutMemory(for: size) }
    #if os(Linux)
      // Whole huge pages alone, so that nothing more is resident. Where the system has none it stays as it is.
      if isLarge { madvise(memory, size & ~(AlignedBytes.hugePage - 1), MADV_HUGEPAGE) }
    #endif
    pointer = memory
    pointer.initializeMemory(as: UInt8.self, repeating: 0, count: size)
  }

  deinit { free(pointer) }
}

extension AlignedBytes: Equatable {
  /// Whether both hold the same bytes.
  public static func == (a: AlignedBytes, b: AlignedBytes) -> Bool {
    a === b || a.count == b.count && memcmp(a.pointer, b.pointer, a.count) == 0
  }
}
