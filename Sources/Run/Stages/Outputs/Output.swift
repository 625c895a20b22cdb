// SPDX-License-Identifier: Apache-2.0

internal import Frames

/// One place that frames are delivered to. Used by one thread at a time.
protocol Output: AnyObject {
  /// False for a frame that is not wanted, which is then dropped.
  func accepts(_ item: DrawnFrame) -> Bool
  func write(_ item: DrawnFrame) throws
  /// Completes the output.
  ///
  /// - Parameter trailing: sound behind the last frame.
  func finish(trailing: [Packet]) throws
  /// As far as known; `nil` where the output has no single size.
  var bytesWritten: Int64? { get }
}

extension Output {
  func accepts(_ item: DrawnFrame) -> Bool { true }
}

/// An output that may fail and be opened again.
final class OutputSlot: LaneWorker {
  /// What happens after an error.
  struct Rule {
    /// Seconds before each try to open it again, the last one from then on; `nil` ends the run.
    var waits: [Double]?
    /// How frames count that come while it is away.
    var missing: OutputAccount.Entry
    /// It is opened with its first frame, not before the run: a peer may be away then.
    var opensLate = false

    static let stop = Rule(waits: nil, missing: .failed)
    static let file = Rule(waits: [30], missing: .failed)
    static let peer = Rule(waits: RetryPolicy.steps, missing: .dropped, opensLate: true)
  }

  private let open: () throws -> any Output
  private let rule: Rule
  private let account: OutputAccount
  private let trailer: Trailer
  private let journal: SourceJournal
  private let clock: Clock
  private var output: (any Output)?
  private var tries = 0
  private var retryAt: UInt64 = 0
  private var bytesBefore: Int64 = 0

  /// - Throws: what `open` throws, unless it may come later.
  init(
    _ rule: Rule, account: OutputAccount, trailer: Trailer, journal: SourceJournal, clock: Clock = .monotonic,
    open: @escaping () throws -> any Output
  ) throws {
    self.open = open
    self.rule = rule
    self.account = account
    self.trailer = trailer
    self.journal = journal
    self.clock = clock
    if !rule.opensLate { output = try open() }
  }

  func take(_ item: OutputLane.Item) {
    let begin = clock.now()
    defer { item.delivery.note(work: clock.now() &- begin) }
    guard let output = ready() else { return account.book(rule.missing) }
    guard output.accepts(item.frame) else { return account.book(.dropped) }
    do {
      try output.write(item.frame)
      account.book(.written)
      noteBytes()
    } catch {
      account.book(.failed)
      giveUp(error)
    }
  }

  func finish() {
    guard let output else { return }
    do { try output.finish(trailing: trailer.contents) } catch { giveUp(error) }
    noteBytes()
  }

  /// The open output; opened now if it is time.
  private func ready() -> (any Output)? {
    if let output { return output }
    guard account.fatal == nil, clock.now() >= retryAt else { return nil }
    do {
      output = try open()
      if tries > 0 {
        journal.note(SourceEvent(.info, "\(account.figures.uri): written again"))
        account.noteUp()
      }
      tries = 0
    } catch {
      giveUp(error)
    }
    return output
  }

  private func giveUp(_ error: any Error) {
    noteBytes()
    bytesBefore += output?.bytesWritten ?? 0
    output = nil
    account.note(error: error, isFatal: rule.waits == nil)
    guard let waits = rule.waits else { return }
    let wait = waits[min(tries, waits.count - 1)]
    tries += 1
    retryAt = clock.now() &+ UInt64(wait * 1e9)
    if tries <= waits.count {
      journal.note(SourceEvent(.warning, "\(error); trying again in \(Int(wait)) s"))
    }
  }

  private func noteBytes() {
    account.note(
      bytes: output?.bytesWritten.map { $0 + bytesBefore } ?? (bytesBefore > 0 ? bytesBefore : nil))
  }
}
