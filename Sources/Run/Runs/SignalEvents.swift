// SPDX-License-Identifier: Apache-2.0

internal import Dispatch
internal import Foundation

/// Where the handler writes; set before the handler is.
private nonisolated(unsafe) var writeEnd: Int32 = -1

/// SIGINT and SIGTERM as events of a queue.
enum SignalEvents {
  /// Called once in the program, by the main thread. From then on no signal is lost, and none interrupts a call of
  /// that thread or of those that it starts: a thread of its own takes them. Threads that libraries started earlier
  /// may take one too, which is why there is a handler with a pipe, and no `sigwait`.
  ///
  /// - Parameter handle: called on `queue` with the number of each signal.
  static func take(on queue: DispatchQueue, _ handle: @escaping @Sendable (Int32) -> Void) {
    var ends: [Int32] = [-1, -1]
    precondition(pipe(&ends) == 0, "no descriptors are left")
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    let readEnd = ends[0]
    writeEnd = ends[1]
    // A handler must not wait.
    _ = fcntl(writeEnd, F_SETFL, O_NONBLOCK)
    for number in [SIGINT, SIGTERM] {
      signal(number) { number in
        var byte = UInt8(truncatingIfNeeded: number)
        _ = write(writeEnd, &byte, 1)
      }
    }
    mask(SIG_BLOCK)
    Thread.detachNewThread {
      mask(SIG_UNBLOCK)
      var number: UInt8 = 0
      while true {
        if read(readEnd, &number, 1) == 1 {
          queue.async { [number] in handle(Int32(number)) }
        } else if errno != EINTR {
          return
        }
      }
    }
  }

  /// Blocks or lets through both signals in the calling thread.
  private static func mask(_ how: Int32) {
    var both = sigset_t()
    sigemptyset(&both)
    for number in [SIGINT, SIGTERM] { sigaddset(&both, number) }
    pthread_sigmask(how, &both, nil)
  }
}
