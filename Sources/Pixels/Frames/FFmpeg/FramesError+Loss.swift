// SPDX-License-Identifier: Apache-2.0

extension FramesError {
  /// Met while reading: the source is lost, and may come back.
  var isLoss: Bool {
    switch kind {
    case .gone, .stalled, .timedOut, .unreachable, .unreadable, .io, .busy, .notFound, .permission,
      .deviceAccess, .unauthorized, .noStream, .unknownHost, .untrusted:
      true
    default: false
    }
  }

  /// Met while opening again: another try may go better.
  var isWorthATry: Bool {
    switch kind {
    case .usage, .outOfMemory, .interrupted: false
    default: true
    }
  }

  /// What hardly mends itself.
  var isHopeless: Bool { [.unauthorized, .noStream, .unknownHost, .untrusted].contains(kind) }

  /// The error that ends a run after some tries.
  func asFinal(tries: Int) -> FramesError {
    var error = self
    if !isLoss || kind == .io || kind == .unreadable { error.kind = .gone }
    if tries > 0 { error.cause += " (after \(tries) \(tries == 1 ? "try" : "tries"))" }
    return error
  }
}

extension RetryPolicy {
  /// `1 s`, `0.9 s`, `15 s`: below ten seconds with a decimal where it tells something.
  static func text(_ seconds: Double, places: Int? = nil) -> String {
    let tenths = Int((max(0, seconds) * 10).rounded())
    let isShort = places == 1 || places == nil && tenths < 100 && tenths % 10 != 0
    return isShort ? "\(tenths / 10).\(tenths % 10) s" : "\((tenths + 5) / 10) s"
  }
}
