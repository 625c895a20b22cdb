// SPDX-License-Identifier: Apache-2.0

internal import NIOHTTP1
internal import Stages

/// What each path answers.
struct Routes: Sendable {
  let content: WebServer.Content
  let runs: @Sendable () -> [RunObserver]

  /// What one must be let in to for a path; `nil` where everybody may have it, as those who watch over a machine
  /// ask without a name.
  func role(for path: String) -> Access.Role? {
    switch path {
    case "/healthz", "/readyz": nil
    case "/metrics": .metrics
    default: .view
    }
  }

  /// - Parameters:
  ///   - path: without what follows `?`.
  ///   - role: of the one who asks.
  func answer(_ path: String, for role: Access.Role?) -> Answer {
    switch (content, path) {
    case (.preview, "/"): page
    case (.preview, "/preview.mjpg"): picture
    case (.preview, "/stats.json"): stats
    case (_, "/metrics"): metrics
    case (_, "/healthz"): .text("ok")
    case (_, "/readyz"): readiness(withReasons: role != nil)
    default: .text("not found", .notFound)
    }
  }

  private var page: Answer {
    // The page's own style and script, and nothing else, may run.
    let nonce = String(UInt64.random(in: .min ... .max), radix: 36)
    let policy =
      "default-src 'none'; img-src 'self'; connect-src 'self'; style-src 'nonce-\(nonce)'; "
      + "script-src 'nonce-\(nonce)'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    let html = String(decoding: PackageResources.page_html, as: UTF8.self).replacing("@NONCE@", with: nonce)
    return Answer(
      "text/html; charset=utf-8", .bytes(Array(html.utf8)), headers: ["Content-Security-Policy": policy])
  }

  private var picture: Answer {
    guard let board = runs().lazy.compactMap(\.preview).first else {
      return .text("no picture yet", .serviceUnavailable)
    }
    guard let viewer = board.watch() else {
      return .text("\(PreviewBoard.limit) are watching already", .serviceUnavailable)
    }
    return Answer(PicturePart.mediaType, .pictures(viewer))
  }

  private var stats: Answer {
    guard let run = runs().first else { return .text("not started yet", .serviceUnavailable) }
    return Answer("application/json", .bytes(Array((run.sample().json + "\n").utf8)))
  }

  private var metrics: Answer {
    let samples = runs().map { MetricsText.Sample($0.sample(), isSourceUp: $0.isSourceUp) }
    return Answer("text/plain; version=0.0.4; charset=utf-8", .bytes(Array(MetricsText(samples).text.utf8)))
  }

  private func readiness(withReasons: Bool) -> Answer {
    let runs = runs()
    let late = runs.filter { !$0.isReady }
    if !runs.isEmpty && late.isEmpty { return .text("ready") }
    let reasons = late.map { run in
      "\(run.name): "
        + (run.isSourceUp ? "no frame written for the stall time" : "source \(run.source.state)")
    }
    let lines = runs.isEmpty ? ["not started yet"] : withReasons ? reasons : ["not ready"]
    return .text(lines.joined(separator: "\n"), .serviceUnavailable)
  }
}
