// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Stages

/// What is known about standard error.
public enum Terminal {
  public static var isInteractive: Bool { isatty(2) == 1 }

  /// Columns of the terminal; 110 where there is none.
  public static var columns: Int {
    var size = winsize()
    guard ioctl(2, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 110 }
    return Int(size.ws_col)
  }
}

/// A line on standard error that is written over while work goes on; without a terminal, a line every ten seconds.
public struct ProgressLine {
  private var last = ContinuousClock.now

  public init() {}

  public mutating func show(_ text: String) {
    if Terminal.isInteractive { return write("\r\(text.prefix(Terminal.columns - 1))\u{1B}[K") }
    guard ContinuousClock.now - last >= .seconds(10) else { return }
    last = .now
    write(text + "\n")
  }

  public func clear() { if Terminal.isInteractive { write("\r\u{1B}[K") } }

  private func write(_ text: String) { StandardError.write(text) }
}
