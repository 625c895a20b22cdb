// SPDX-License-Identifier: Apache-2.0

internal import Addresses
internal import Dispatch
internal import Glibc

/// Prints how a run goes, on standard error, until it is stopped.
///
/// `line` rewrites one line four times a second and never fills the terminal's last column; `plain` prints
/// it every ten seconds; `json` prints an object every second and one at the end.
public final class ProgressPrinter: Sendable {
  public typealias Form = PipelineConfig.ReportOptions.Progress

  private let observer: RunObserver
  private let form: Form
  private let state = Monitor((isLineShown: false, isStopped: false))
  // A dispatch source may be used from any thread.
  private nonisolated(unsafe) let timer: any DispatchSourceTimer

  /// - Parameter form: `auto` means `line` on a terminal, else `plain`.
  public init(_ run: Run, form: Form) {
    observer = RunObserver(run)
    self.form = ProgressPrinter.resolve(form)
    timer = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "roadmask.progress"))
    timer.resume()
  }

  public func start() {
    let period: Double? =
      switch form {
      case .line: 0.25
      case .json: 1
      case .plain: 10
      case .none, .auto: nil
      }
    guard let period else { return }
    _ = observer.sample()
    timer.setEventHandler { [weak self] in self?.tick() }
    timer.schedule(deadline: .now() + period, repeating: period, leeway: .milliseconds(10))
  }

  /// Ends the printing and clears the line. Call it before the report is printed.
  public func stop() {
    timer.cancel()
    if form == .json { StandardError.write(observer.sample().json + "\n") }
    state.withLock { state in
      if state.isLineShown { StandardError.write("\r\u{1B}[K") }
      state.isLineShown = false
      state.isStopped = true
    }
  }

  /// Prints `text` and a newline, above the progress line if there is one.
  public func print(_ text: String) {
    state.withLock { state in
      StandardError.write((state.isLineShown ? "\r\u{1B}[K" : "") + printable(text) + "\n")
      state.isLineShown = false
    }
  }

  private func tick() {
    let progress = observer.sample()
    state.withLock { state in
      if state.isStopped { return }
      switch form {
      case .line:
        StandardError.write(
          "\r" + printable(progress.line(width: ProgressPrinter.terminalWidth - 1)) + "\u{1B}[K")
        state.isLineShown = true
      case .json: StandardError.write(progress.json + "\n")
      default: StandardError.write(printable(progress.line()) + "\n")
      }
    }
  }

  private static func resolve(_ form: Form) -> Form {
    guard form == .auto else { return form }
    let isDumb = getenv("TERM").map { String(cString: $0) == "dumb" } ?? true
    return isatty(STDERR_FILENO) != 0 && !isDumb ? .line : .plain
  }

  private static var terminalWidth: Int {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 1 else { return 80 }
    return Int(size.ws_col)
  }
}
