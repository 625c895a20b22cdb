// SPDX-License-Identifier: Apache-2.0

internal import FlyingFox
internal import Foundation
internal import Stages

/// What each path answers.
struct Routes: HTTPHandler {
  let content: WebServer.Content
  let isLoopback: Bool
  let runs: @Sendable () -> [RunObserver]

  func handleRequest(_ request: HTTPRequest) async throws -> HTTPResponse {
    guard isAllowed(host: request.headers[.host]) else {
      return Routes.text("this name is not served\n", status: .forbidden)
    }
    guard request.method == .GET else {
      return Routes.text("GET only\n", status: .methodNotAllowed, headers: [HTTPHeader("Allow"): "GET"])
    }
    switch (content, request.path) {
    case (.preview, "/"): return page
    case (.preview, "/preview.mjpg"): return picture
    case (.preview, "/stats.json"): return stats
    case (_, "/metrics"): return metrics
    case (_, "/healthz"): return Routes.text("ok\n")
    case (_, "/readyz"): return readiness
    default: return Routes.text("not found\n", status: .notFound)
    }
  }

  /// A web page from elsewhere could have its name lead here, and read the picture. On a loopback address
  /// only names of this machine are answered.
  private func isAllowed(host: String?) -> Bool {
    guard isLoopback, let host else { return true }
    let name = host.hasPrefix("[") ? host.prefix { $0 != "]" } + "]" : host.prefix { $0 != ":" }
    return name == "localhost" || name == "[::1]" || name.hasPrefix("127.")
  }

  private var page: HTTPResponse {
    // The page's own style and script, and nothing else, may run.
    let nonce = String(UInt64.random(in: .min ... .max), radix: 36)
    let policy =
      "default-src 'none'; img-src 'self'; connect-src 'self'; style-src 'nonce-\(nonce)'; "
      + "script-src 'nonce-\(nonce)'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    let html = String(decoding: PackageResources.page_html, as: UTF8.self).replacing("@NONCE@", with: nonce)
    return Routes.answer(
      Data(html.utf8), "text/html; charset=utf-8", headers: [HTTPHeader("Content-Security-Policy"): policy])
  }

  private var picture: HTTPResponse {
    guard let board = runs().lazy.compactMap(\.preview).first else {
      return Routes.text("no picture yet\n", status: .serviceUnavailable)
    }
    guard let viewer = board.watch() else {
      return Routes.text("\(PreviewBoard.limit) are watching already\n", status: .serviceUnavailable)
    }
    return HTTPResponse(
      statusCode: .ok,
      headers: Routes.headers("multipart/x-mixed-replace; boundary=\(PartSequence.boundary)"),
      body: HTTPBodySequence(from: PartSequence(viewer: viewer)))
  }

  private var stats: HTTPResponse {
    guard let run = runs().first else {
      return Routes.text("not started yet\n", status: .serviceUnavailable)
    }
    return Routes.answer(Data((run.sample().json + "\n").utf8), "application/json")
  }

  private var metrics: HTTPResponse {
    let samples = runs().map { MetricsText.Sample($0.sample(), isSourceUp: $0.isSourceUp) }
    return Routes.answer(
      Data(MetricsText(samples).text.utf8), "text/plain; version=0.0.4; charset=utf-8")
  }

  private var readiness: HTTPResponse {
    let runs = runs()
    let late = runs.filter { !$0.isReady }
    if !runs.isEmpty && late.isEmpty { return Routes.text("ready\n") }
    let lines = late.map { run in
      "\(run.name): "
        + (run.isSourceUp ? "no frame written for the stall time" : "source \(run.source.state)")
    }
    return Routes.text(
      (lines.isEmpty ? ["not started yet"] : lines).joined(separator: "\n") + "\n",
      status: .serviceUnavailable)
  }
}

extension Routes {
  static func text(
    _ text: String, status: HTTPStatusCode = .ok, headers: [HTTPHeader: String] = [:]
  ) -> HTTPResponse {
    answer(Data(text.utf8), "text/plain; charset=utf-8", status: status, headers: headers)
  }

  static func answer(
    _ body: Data, _ type: String, status: HTTPStatusCode = .ok, headers more: [HTTPHeader: String] = [:]
  ) -> HTTPResponse {
    var headers = headers(type)
    for (name, value) in more { headers[name] = value }
    return HTTPResponse(statusCode: status, headers: headers, body: body)
  }

  static func headers(_ type: String) -> HTTPHeaders {
    [
      .contentType: type, HTTPHeader("Cache-Control"): "no-store",
      HTTPHeader("X-Content-Type-Options"): "nosniff", HTTPHeader("Referrer-Policy"): "no-referrer",
      HTTPHeader("Cross-Origin-Resource-Policy"): "same-origin", HTTPHeader("X-Frame-Options"): "DENY",
    ]
  }
}
