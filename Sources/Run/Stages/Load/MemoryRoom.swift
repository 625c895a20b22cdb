// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Asks the system for memory before it is needed. Whoever is refused in the middle of a frame can only end;
/// whoever is refused before the first can still say so.
public enum MemoryRoom {
  /// What threads, codecs and the allocator take beyond what is counted.
  private static let reserve = 256 << 20

  /// - Parameter bytes: beyond what the process holds now.
  public static func has(_ bytes: Int) -> Bool {
    let size = max(0, bytes) + reserve
    guard let place = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
      place != MAP_FAILED
    else { return false }
    munmap(place, size)
    return true
  }
}
