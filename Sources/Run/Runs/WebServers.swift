// SPDX-License-Identifier: Apache-2.0

internal import Addresses
internal import Foundation
internal import Stages
internal import Web

/// The pages and metrics of one or several pipelines: a server for each address, which has the figures of all
/// pipelines that name it.
struct WebServers: Sendable {
  private let servers: [WebServer]

  /// They listen at once, so that a port that is taken is told before anything takes time.
  ///
  /// - Parameter complain: called with what goes wrong while they serve.
  /// - Throws: `FramesError` of kind busy, permission or cannotCreate; `Problem` for users, tokens or certificates.
  init(_ configs: [PipelineConfig], complain: @escaping @Sendable (String) -> Void = { _ in }) throws {
    var servers: [WebServer] = []
    func open(_ address: ListenAddress, _ content: WebServer.Content, _ config: PipelineConfig) throws {
      guard !servers.contains(where: { $0.address == address }) else { return }
      let options = try WebOptions(config.web)
      servers.append(try WebServer(address, content: content, options: options, complain: complain))
    }
    do {
      // A page's own server has the metrics too.
      for config in configs {
        for address in config.outputs.compactMap(\.listenAddress) { try open(address, .preview, config) }
      }
      for config in configs {
        if let address = config.web.listen { try open(address, .metrics, config) }
      }
    } catch {
      for server in servers { server.stop() }
      throw error
    }
    self.servers = servers
  }

  /// Shows `run` from now on, in place of an earlier one of the same pipeline.
  func attach(_ run: Run) {
    let addresses = run.config.outputs.compactMap(\.listenAddress) + [run.config.web.listen].compactMap { $0 }
    for server in servers where addresses.contains(server.address) { server.attach(run) }
  }

  func stop() { for server in servers { server.stop() } }
}

extension WebOptions {
  /// - Throws: `Problem` for the first user or token that is none, and for a file that cannot be read.
  init(_ web: PipelineConfig.Web) throws {
    let users = try web.users.list.map { text in
      guard let user = Access.User(text) else {
        throw Problem(
          .usage, "RM-HTTP-003", "'\(text.prefix { $0 != ":" })' is no user of the page",
          hint: "write NAME:HASH, as 'htpasswd -nB NAME' does; behind it may stand :view or :metrics")
      }
      return user
    }
    var tokens: [Access.Token] = []
    if let file = web.tokens {
      guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
        throw Problem(
          .usage, "RM-HTTP-003", "cannot read the tokens in \(file)",
          hint: "check the path, and who may read it")
      }
      for (index, line) in text.split(separator: "\n").enumerated() where line.first != "#" {
        guard let token = Access.Token(String(line)) else {
          throw Problem(
            .usage, "RM-HTTP-003", "\(file): line \(index + 1) is no token",
            hint: "write \(Access.Token.shortest) characters or more, and behind them view or metrics")
        }
        Secrets.add(token.word)
        tokens.append(token)
      }
    }
    self.init(
      access: Access(users: users, tokens: tokens), hosts: web.hosts.list, certificate: web.certificate,
      key: web.key)
  }
}
