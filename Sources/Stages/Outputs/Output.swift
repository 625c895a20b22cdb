// SPDX-License-Identifier: Apache-2.0

internal import Frames

/// One place that frames are delivered to. Owned by the encode stage.
protocol Output: AnyObject {
  func write(_ item: DrawnFrame) throws
  /// Completes the output.
  ///
  /// - Parameter trailing: sound behind the last frame.
  func finish(trailing: [Packet]) throws
  /// As far as known; `nil` where the output has no single size.
  var bytesWritten: Int64? { get }
}

/// An output with its own account: a failure of one need not be a failure of all.
final class OutputSlot {
  private let output: any Output
  private let stopsRun: Bool
  private var isBroken = false
  private(set) var figures: Report.Output
  /// Why the output was given up.
  private(set) var failure: (any Error)?

  init(_ output: any Output, uri: String, kind: OutputConfig.Kind, onError: OutputConfig.OnError) {
    self.output = output
    stopsRun = onError == .stop
    figures = Report.Output(uri: redacted(uri), kind: kind.rawValue)
  }

  func write(_ item: DrawnFrame) throws {
    if isBroken {
      figures.failed += 1
      return
    }
    do {
      try output.write(item)
      figures.written += 1
    } catch {
      figures.failed += 1
      try giveUp(error)
    }
  }

  func finish(trailing: [Packet]) throws {
    defer { figures.bytes = output.bytesWritten }
    if isBroken { return }
    do { try output.finish(trailing: trailing) } catch { try giveUp(error) }
  }

  private func giveUp(_ error: any Error) throws {
    isBroken = true
    failure = error
    if stopsRun { throw error }
  }
}

/// What the outputs of a run came to, for whoever reports when the stage is gone.
final class OutputBoard: Sendable {
  private let state = Monitor((figures: [Report.Output](), failures: [String]()))

  func post(_ slots: [OutputSlot]) {
    let figures = slots.map(\.figures)
    let failures = slots.compactMap { slot in slot.failure.map { "\($0)" } }
    state.withLock { $0 = (figures, failures) }
  }

  var figures: [Report.Output] { state.withLock { $0.figures } }
  /// Of the outputs that were given up while the run went on.
  var failures: [String] { state.withLock { $0.failures } }
}
