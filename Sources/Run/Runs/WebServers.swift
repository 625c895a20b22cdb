// SPDX-License-Identifier: Apache-2.0

internal import Addresses
internal import Stages
internal import Web

/// The pages and metrics of one or several pipelines: a server for each address, which has the figures of all
/// pipelines that name it.
struct WebServers: Sendable {
  private let servers: [WebServer]

  /// They listen at once, so that a port that is taken is told before anything takes time.
  ///
  /// - Throws: `FramesError` of kind busy, permission or cannotCreate.
  init(_ configs: [PipelineConfig]) throws {
    var servers: [WebServer] = []
    func open(_ address: ListenAddress, _ content: WebServer.Content) throws {
      guard !servers.contains(where: { $0.address == address }) else { return }
      servers.append(try WebServer(address, content: content))
    }
    do {
      // A page's own server has the metrics too.
      for address in configs.flatMap({ $0.outputs.compactMap(\.listenAddress) }) {
        try open(address, .preview)
      }
      for address in configs.compactMap(\.httpListen) { try open(address, .metrics) }
    } catch {
      for server in servers { server.stop() }
      throw error
    }
    self.servers = servers
  }

  /// Shows `run` from now on, in place of an earlier one of the same pipeline.
  func attach(_ run: Run) {
    let addresses = run.config.outputs.compactMap(\.listenAddress) + [run.config.httpListen].compactMap { $0 }
    for server in servers where addresses.contains(server.address) { server.attach(run) }
  }

  func stop() { for server in servers { server.stop() } }
}
