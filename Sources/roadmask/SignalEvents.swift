// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation

/// Where the handler writes; set before the handler is.
private nonisolated(unsafe) var writeEnd: Int32 = -1

/// SIGINT and SIGTERM as events of a queue. From the moment it is made none is lost, as one would be that comes
/// before a dispatch source has registered itself. One for the program.
final class SignalEvents {
  private let source: any DispatchSourceRead

  /// - Parameter handle: called on `queue` with the number of each signal.
  init(on queue: DispatchQueue, _ handle: @escaping @Sendable (Int32) -> Void) {
    var ends: [Int32] = [-1, -1]
    precondition(pipe(&ends) == 0, "no descriptors are left")
    for end in ends {
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
    }
    let readEnd = ends[0]
    writeEnd = ends[1]
    source = DispatchSource.makeReadSource(fileDescriptor: readEnd, queue: queue)
    source.setEventHandler {
      var number: UInt8 = 0
      while read(readEnd, &number, 1) == 1 { handle(Int32(number)) }
    }
    source.resume()
    for number in [SIGINT, SIGTERM] {
      signal(number) { number in
        var byte = UInt8(truncatingIfNeeded: number)
        _ = write(writeEnd, &byte, 1)
      }
    }
  }
}
