// SPDX-License-Identifier: Apache-2.0

public import Addresses
internal import Dispatch
internal import FlyingFox
internal import FlyingSocks
internal import Foundation
internal import Frames
public import Stages
internal import Synchronization

/// A page with the picture and the figures of a run, and metrics and health, over HTTP.
///
/// It listens as soon as it is made, and knows nothing until a run is attached.
public final class WebServer: Sendable {
  /// What it shows.
  public enum Content: Sendable {
    /// The page, its picture and its figures, and the rest.
    case preview
    /// `/metrics`, `/healthz`, `/readyz`.
    case metrics
  }

  public let address: ListenAddress
  private let runs = Mutex<[RunObserver]>([])
  private let tasks = Mutex<[Task<Void, Never>]>([])

  /// - Throws: `FramesError` of kind `cannotCreate` where the address cannot be listened on.
  public init(_ address: ListenAddress, content: Content) throws {
    self.address = address
    let routes = Routes(content: content, isLoopback: address.isLoopback) { [weak self] in
      self?.runs.withLock { $0 } ?? []
    }
    let pool = PatientPool(base: HTTPServer.defaultPool())
    let config =
      address.isIPv6
      ? HTTPServer.Configuration(
        address: try sockaddr_in6.inet6(ip6: address.host, port: address.port), pool: pool, logger: .disabled)
      : HTTPServer.Configuration(
        address: try sockaddr_in.inet(ip4: address.host, port: address.port), pool: pool, logger: .disabled)
    let server = HTTPServer(config: config, handler: routes)
    let opening = Opening()
    let running = Task {
      do { try await server.run() } catch { opening.tell(error) }
    }
    Task {
      do {
        try await server.waitUntilListening(timeout: 5)
        opening.tell(nil)
      } catch {
        opening.tell(error)
      }
    }
    if let error = opening.wait() {
      running.cancel()
      throw WebServer.refusal(of: address, error)
    }
    let repeating = Task { [weak self] in
      while (try? await Task.sleep(for: .seconds(5))) != nil {
        guard let self else { return }
        for run in runs.withLock({ $0 }) { run.preview?.repeatLast() }
      }
    }
    tasks.withLock { $0 = [running, repeating] }
  }

  deinit { stop() }

  /// Shows `run` from now on, in place of one of the same name.
  public func attach(_ run: Run) {
    let observer = RunObserver(run)
    // Rates are over the time since the look before.
    _ = observer.sample()
    runs.withLock { runs in
      runs.removeAll { $0.name == observer.name }
      runs.append(observer)
    }
  }

  /// Closes all connections and listens no more.
  public func stop() { tasks.withLock { for task in $0 { task.cancel() } } }

  private static func refusal(of address: ListenAddress, _ error: any Error) -> FramesError {
    var cause = "\(error)"
    if case SocketError.failed(_, let code, _) = error {
      cause = String(cString: strerror(code)).lowercased()
    }
    return FramesError(
      .cannotCreate, "listen on", "\(address)", cause,
      hint: "choose another port; 'ss -ltnp' shows who has this one")
  }
}

/// Whether a server came to listen, for a thread that waits to know.
private final class Opening: Sendable {
  private let outcome = Mutex<(any Error)??>(.none)
  private let known = DispatchSemaphore(value: 0)

  /// The first word counts.
  func tell(_ error: (any Error)?) {
    outcome.withLock { if $0 == nil { $0 = .some(error) } }
    known.signal()
  }

  func wait() -> (any Error)? {
    known.wait()
    return outcome.withLock { $0 ?? nil }
  }
}
