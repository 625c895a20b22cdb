// SPDX-License-Identifier: Apache-2.0

internal import CFFmpeg
internal import Synchronization

/// FFmpeg's own messages, counted and kept once each instead of printed.
public final class LogCollector: Sendable {
  public struct Line: Sendable, Hashable {
    /// FFmpeg's scale: 8 fatal, 16 error, 24 warning, 32 info.
    public var level: Int
    public var text: String
    /// How often the same text came.
    public var count: Int
  }

  private struct State {
    var lines: [Line] = []
    var places: [String: Int] = [:]
    var repeated = 0
  }

  /// FFmpeg has one log for the process.
  public static let shared = LogCollector()
  /// Different lines kept; those beyond are only counted.
  public static let capacity = 200

  private let state = Mutex(State())

  private init() {}

  /// Sends FFmpeg's log here from now on. Readers and writers do it themselves.
  public func install() { LogCollector.installed }

  private static let installed: Void = rm_log_to { level, text in
    guard level <= AV_LOG_WARNING, let text else { return }
    LogCollector.shared.add(level: Int(level), String(cString: text))
  }

  /// In order of first appearance.
  public var lines: [Line] { state.withLock { $0.lines } }
  /// Messages that came when `capacity` was used up.
  public var uncollected: Int { state.withLock { $0.repeated } }

  public func clear() { state.withLock { $0 = State() } }

  private func add(level: Int, _ raw: String) {
    let text = LogCollector.normalised(raw)
    guard !text.isEmpty else { return }
    state.withLock { state in
      if let place = state.places[text] {
        state.lines[place].count += 1
      } else if state.lines.count < LogCollector.capacity {
        state.places[text] = state.lines.count
        state.lines.append(Line(level: level, text: text, count: 1))
      } else {
        state.repeated += 1
      }
    }
  }

  /// Without the address in `[h264 @ 0x55…]`, which differs for each decoder thread, and without the newline.
  private static func normalised(_ raw: String) -> String {
    var text = raw.drop { $0.isWhitespace }
    while text.last?.isWhitespace == true { text.removeLast() }
    guard text.first == "[", let at = text.firstIndex(of: "@"), let close = text.firstIndex(of: "]"),
      at < close
    else { return String(text) }
    let name = text[..<at].split(separator: " ").first ?? "["
    return String(name + text[close...])
  }
}
