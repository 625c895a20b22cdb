// SPDX-License-Identifier: Apache-2.0

public import Addresses
internal import Frames
internal import Glibc
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL
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
  private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
  private let repeating = Mutex<Task<Void, Never>?>(nil)

  /// - Parameters:
  ///   - options: who is let in, by which names, and whether in secret.
  ///   - complain: called with what goes wrong while it serves.
  /// - Throws: `FramesError` of kind `cannotCreate` where the address cannot be listened on, and where the
  ///   certificate cannot be used.
  public convenience init(
    _ address: ListenAddress, content: Content, options: WebOptions = WebOptions(),
    complain: @escaping @Sendable (String) -> Void = { _ in }
  ) throws {
    try self.init(
      address, content: content, options: options, limits: .own, patience: Connection.Patience(),
      complain: complain)
  }

  init(
    _ address: ListenAddress, content: Content, options: WebOptions, limits: Guests.Limits,
    patience: Connection.Patience, complain: @escaping @Sendable (String) -> Void
  ) throws {
    self.address = address
    let guests = Guests(limits)
    let certificate: Certificate?
    do {
      certificate = try options.certificate.map {
        try Certificate(.init(certificate: $0, key: options.key ?? $0), complain: complain)
      }
    } catch {
      throw FramesError(
        .cannotCreate, "use the certificate", options.certificate ?? "", "\(error)",
        hint: "give --tls-cert and --tls-key files in PEM form, the chain from the server's own upwards")
    }
    let hosts = HostNames(address, more: options.hosts)
    let gate = Gate(options.access)
    let routes = Routes(content: content) { [weak self] in self?.runs.withLock { $0 } ?? [] }
    let bootstrap = ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 64)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelOption(.maxMessagesPerRead, value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try WebServer.furnish(channel, guests, certificate?.context) {
            Connection(routes, hosts, gate, patience)
          }
        }
      }
    do {
      _ = try bootstrap.bind(host: address.host, port: Int(address.port)).wait()
    } catch {
      group.shutdownGracefully { _ in }
      throw WebServer.refusal(of: address, error)
    }
    let task = Task { [weak self] in
      while (try? await Task.sleep(for: .seconds(5))) != nil {
        guard let self else { return }
        for run in runs.withLock({ $0 }) { run.preview?.repeatLast() }
      }
    }
    repeating.withLock { $0 = task }
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
  public func stop() {
    let task = repeating.withLock { task -> Task<Void, Never>? in
      defer { task = nil }
      return task
    }
    guard let task else { return }
    task.cancel()
    group.shutdownGracefully { _ in }
  }

  /// Request lines and header fields are a few hundred bytes; more is no browser.
  private static var decoderLimits: NIOHTTPDecoderLimitConfiguration {
    var limits = NIOHTTPDecoderLimitConfiguration()
    limits.maxHeaderFieldSize = 8 << 10
    limits.maxHeaderListSize = 32 << 10
    limits.maxHeaderFieldCount = 100
    return limits
  }

  private static func furnish(
    _ channel: any Channel, _ guests: Guests, _ tls: NIOSSLContext?, _ connection: () -> Connection
  ) throws {
    let peer = channel.remoteAddress?.ipAddress ?? ""
    guard guests.enter(peer) else { throw ConnectionLimit() }
    channel.closeFuture.whenComplete { _ in guests.leave(peer) }
    let pipeline = channel.pipeline.syncOperations
    if let tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls)) }
    try pipeline.configureHTTPServerPipeline(
      withErrorHandling: false, withEncoderConfiguration: .init(),
      withDecoderLimitConfiguration: decoderLimits)
    try pipeline.addHandler(connection())
  }

  private static func refusal(of address: ListenAddress, _ error: any Error) -> FramesError {
    let cause = (error as? IOError).map { String(cString: strerror($0.errnoCode)).lowercased() } ?? "\(error)"
    return FramesError(
      .cannotCreate, "listen on", "\(address)", cause,
      hint: "choose another port; 'ss -ltnp' shows who has this one")
  }
}

/// There are as many connections as may be.
private struct ConnectionLimit: Error {}
