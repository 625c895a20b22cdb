// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// A frame in the hands of the outputs. Its age ends, and its time in the last stage is booked, when the
/// last reference is dropped: outputs that are not waited for keep one until they have written the frame.
public final class Delivery: Sendable {
  private let ticket: Ticket
  private let stage: StageName
  private let waited: UInt64
  private let state: RunState
  private let work = Atomic<UInt64>(0)
  private let isLost = Atomic<Bool>(false)

  init(_ ticket: Ticket, at stage: StageName, waited: UInt64, state: RunState) {
    self.ticket = ticket
    self.stage = stage
    self.waited = waited
    self.state = state
  }

  /// Books that somebody worked on the frame for so many nanoseconds. Outputs work side by side: the
  /// longest counts.
  func note(work nanoseconds: UInt64) { work.max(nanoseconds, ordering: .relaxed) }

  /// The frame was not delivered.
  func lose() { isLost.store(true, ordering: .relaxed) }

  deinit {
    state.meter(stage).record(service: work.load(ordering: .relaxed), wait: waited)
    if !isLost.load(ordering: .relaxed) { state.note(age: state.clock.now() &- ticket.bornAt) }
  }
}
