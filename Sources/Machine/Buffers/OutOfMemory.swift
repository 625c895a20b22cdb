// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Ends the process, with the exit code of refused memory, where a buffer of `bytes` bytes is refused in the
/// middle of a run. Nothing can be finished then; fragments that are written play without it.
public func endWithoutMemory(for bytes: Int) -> Never {
  let text = "error: the system refuses \(bytes >> 20) MiB of memory  [RM-SYS-001]\n"
  _ = text.utf8CString.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress!, $0.count - 1) }
  _exit(71)
}
