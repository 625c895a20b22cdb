// SPDX-License-Identifier: Apache-2.0

internal import FlyingSocks

/// Waits for sockets, but not for ever: a client that takes or sends nothing for half a minute is let go.
struct PatientPool<Base: AsyncSocketPool>: AsyncSocketPool {
  static var seconds: Double { 30 }

  let base: Base

  func prepare() async throws { try await base.prepare() }
  func run() async throws { try await base.run() }

  func suspendSocket(_ socket: Socket, untilReadyFor events: Socket.Events) async throws {
    // The listening socket has no peer, and waits as long as nobody comes.
    guard (try? socket.remotePeer()) != nil else {
      return try await base.suspendSocket(socket, untilReadyFor: events)
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await base.suspendSocket(socket, untilReadyFor: events) }
      group.addTask {
        try await Task.sleep(for: .seconds(Self.seconds))
        throw SocketError.disconnected
      }
      defer { group.cancelAll() }
      try await group.next()
    }
  }
}
