// SPDX-License-Identifier: Apache-2.0

internal import Addresses
internal import Frames

/// The books of one output, from any thread: what became of each frame it was to have.
final class OutputAccount: Sendable {
  enum Entry { case written, dropped, failed }

  private struct State {
    var figures: Report.Output
    var given = 0
    var isClosed = false
    var isUp = true
    /// What ends the run.
    var fatal: (any Error)?
    var lastFailure: String?
  }

  private let state: Monitor<State>

  init(uri: String, kind: OutputConfig.Kind) {
    state = Monitor(State(figures: Report.Output(uri: redacted(uri), kind: kind.rawValue)))
  }

  var figures: Report.Output { state.withLock { $0.figures } }
  var fatal: (any Error)? { state.withLock { $0.fatal } }
  /// Why the output was given up, where that did not end the run.
  var failure: String? { state.withLock { $0.fatal == nil && !$0.isUp ? $0.lastFailure : nil } }

  /// A frame is on its way to the output.
  func give() { state.withLock { $0.given += 1 } }

  func book(_ entry: Entry, _ count: Int = 1) {
    state.withLock { state in
      if state.isClosed { return }
      switch entry {
      case .written: state.figures.written += count
      case .dropped: state.figures.dropped += count
      case .failed: state.figures.failed += count
      }
    }
  }

  func note(bytes: Int64?) { state.withLock { if !$0.isClosed { $0.figures.bytes = bytes } } }
  func noteUp() { state.withLock { $0.isUp = true } }

  func note(error: any Error, isFatal: Bool) {
    state.withLock { state in
      state.isUp = false
      state.figures.errors += 1
      state.lastFailure = "\(error)"
      if isFatal && state.fatal == nil { state.fatal = error }
    }
  }

  /// The output is stuck: frames in its queue count as dropped, the one in its hands as failed, and what it
  /// may do later does not count.
  func close(left: Int, _ reason: String) {
    state.withLock { state in
      state.figures.dropped += left
      let done = state.figures.written + state.figures.dropped + state.figures.failed
      state.figures.failed += state.given - done
      state.figures.errors += 1
      state.isClosed = true
      state.isUp = false
      state.lastFailure = reason
    }
  }
}
