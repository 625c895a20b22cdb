// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import NIOHTTP1
internal import Stages

/// One connection: reads a request, has it answered, and does not wait for ever for the other end.
///
/// It belongs to the event loop of its channel; what comes from other threads hops there first.
final class Connection: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  /// Times that are granted; bytes that come in between do not prolong them.
  struct Patience: Sendable {
    /// From the first byte that is awaited to the end of a request.
    var request = TimeAmount.seconds(30)
    /// For the other end to take what was sent.
    var answer = TimeAmount.seconds(30)
  }

  /// Bytes of a request's body, which is not looked at.
  static let bodyLimit = 64 << 10

  private let routes: Routes
  private let hosts: HostNames
  private let gate: Gate
  private let patience: Patience

  private var head: HTTPRequestHead?
  private var bodyBytes = 0
  private var deadline: Scheduled<Void>?
  private var pictures: Task<Void, Never>?

  init(_ routes: Routes, _ hosts: HostNames, _ gate: Gate, _ patience: Patience) {
    (self.routes, self.hosts, self.gate, self.patience) = (routes, hosts, gate, patience)
  }

  func channelActive(context: ChannelHandlerContext) {
    grant(patience.request, context)
    context.fireChannelActive()
  }

  func channelInactive(context: ChannelHandlerContext) {
    deadline?.cancel()
    pictures?.cancel()
    context.fireChannelInactive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      (self.head, bodyBytes) = (head, 0)
    case .body(let bytes):
      bodyBytes += bytes.readableBytes
      if bodyBytes > Connection.bodyLimit { refuse(.payloadTooLarge, "too long", context) }
    case .end:
      guard let head else { return }
      self.head = nil
      deadline?.cancel()
      handle(head, context)
    }
  }

  /// What the decoder cannot read, or is longer than it reads.
  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard let error = error as? HTTPParserError else { return context.close(promise: nil) }
    if error == .headerOverflow {
      refuse(.requestHeaderFieldsTooLarge, "the request is too long", context)
    } else {
      refuse(.badRequest, "no request of HTTP/1", context)
    }
  }

  private func handle(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
    let names = head.headers["Host"]
    guard names.count == 1 || (names.isEmpty && head.version == .http1_0) else {
      return send(.text("one Host header is needed", .badRequest), to: head, context)
    }
    guard names.allSatisfy(hosts.contain) else {
      return send(.text("this name is not served here", .forbidden), to: head, context)
    }
    guard head.method == .GET || head.method == .HEAD else {
      return send(
        .text("GET and HEAD only", .methodNotAllowed, headers: ["Allow": "GET, HEAD"]), to: head, context)
    }
    let path = String(head.uri.prefix { $0 != "?" })
    let authorizations = head.headers["Authorization"]
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    gate.judge(authorizations.count == 1 ? authorizations[0] : nil) { [loop = context.eventLoop] verdict in
      loop.execute {
        let (connection, context) = bound.value
        connection.send(connection.answer(path, verdict), to: head, context)
      }
    }
  }

  private func answer(_ path: String, _ verdict: Gate.Verdict) -> Answer {
    let wanted = routes.role(for: path)
    if case .role(let role) = verdict {
      guard wanted.map(role.allows) ?? true else { return .text("not for this user", .forbidden) }
      return routes.answer(path, for: role)
    }
    if wanted == nil { return routes.answer(path, for: nil) }
    if case .busy = verdict { return .text("busy", .serviceUnavailable, headers: ["Retry-After": "1"]) }
    return .text(
      "a name and a password, or a token, are needed", .unauthorized,
      headers: ["WWW-Authenticate": "Basic realm=\"roadmask\", charset=\"UTF-8\""])
  }

  private func refuse(_ status: HTTPResponseStatus, _ text: String, _ context: ChannelHandlerContext) {
    deadline?.cancel()
    head = nil
    let request = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/", headers: ["Connection": "close"])
    send(.text(text, status), to: request, context)
  }

  private func send(_ answer: Answer, to request: HTTPRequestHead, _ context: ChannelHandlerContext) {
    guard context.channel.isActive else { return }
    var head = HTTPResponseHead(version: request.version, status: answer.status, headers: answer.headers)
    var isKept = request.isKeepAlive
    if case .pictures = answer.body, request.version == .http1_0 { isKept = false }
    if !isKept { head.headers.add(name: "Connection", value: "close") }
    grant(patience.answer, context)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    switch answer.body {
    case .bytes(let bytes):
      if request.method != .HEAD {
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: bytes)))), promise: nil)
      }
      end(isKept: isKept, context)
    case .pictures(let viewer):
      guard request.method != .HEAD else { return end(isKept: isKept, context) }
      context.flush()
      show(viewer, context)
    }
  }

  private func end(isKept: Bool, _ context: ChannelHandlerContext) {
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in
      let (connection, context) = bound.value
      guard isKept else { return context.close(promise: nil) }
      connection.grant(connection.patience.request, context)
    }
  }

  /// Sends pictures for as long as they are taken. Each is asked for when the one before has left.
  private func show(_ viewer: PreviewViewer, _ context: ChannelHandlerContext) {
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    let (channel, loop) = (context.channel, context.eventLoop)
    pictures = Task {
      var isFirst = true
      while !Task.isCancelled, let jpeg = await viewer.next() {
        let part = ByteBuffer(bytes: PicturePart.bytes(jpeg, isFirst: isFirst))
        isFirst = false
        let sent = loop.flatSubmit {
          let (connection, context) = bound.value
          connection.grant(connection.patience.answer, context)
          return context.writeAndFlush(connection.wrapOutboundOut(.body(.byteBuffer(part))))
        }
        guard (try? await sent.get()) != nil else { break }
        // Until there is a next picture, nobody is waited for.
        try? await loop.submit { bound.value.0.deadline?.cancel() }.get()
      }
      channel.close(promise: nil)
    }
  }

  private func grant(_ time: TimeAmount, _ context: ChannelHandlerContext) {
    deadline?.cancel()
    deadline = context.eventLoop.assumeIsolated().scheduleTask(in: time) { context.close(promise: nil) }
  }
}
