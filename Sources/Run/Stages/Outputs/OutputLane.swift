// SPDX-License-Identifier: Apache-2.0

internal import Frames

/// One output of a run with its own thread, its own rule for frames that come too fast, and its own books.
final class OutputLane: Sendable {
  struct Item: Sendable {
    let frame: DrawnFrame
    let delivery: Delivery
  }

  /// Frames that may wait for an output that drops.
  static let places = 3
  /// Seconds that a stuck output is waited for at the end.
  static let patience = 5.0

  /// The run waits until the output has each frame.
  let waits: Bool
  let account: OutputAccount
  private let lane: Lane<Item>

  init(_ slot: sending OutputSlot, account: OutputAccount, waits: Bool, places: Int = OutputLane.places) {
    self.waits = waits
    self.account = account
    lane = Lane(
      "roadmask.output", places: places, policy: waits ? .block : places == 1 ? .latest : .dropOldest,
      worker: slot)
  }

  /// Frames that a lane may hold beyond the one that the run is about to deliver.
  static func held(waits: Bool, places: Int = OutputLane.places) -> Int { waits ? 1 : places + 2 }

  func send(_ item: Item) {
    account.give()
    let gone = lane.send(item)
    if gone > 0 { account.book(.dropped, gone) }
  }

  func waitUntilIdle() { lane.waitUntilIdle() }

  func close() { lane.close() }

  /// Waits for the end of the output; not for ever for one that drops.
  func waitUntilDone(since begin: UInt64) {
    lane.waitUntilDone(deadline: waits ? nil : begin &+ UInt64(OutputLane.patience * 1e9))
    if !waits { abandon() }
  }

  /// Waits for it no longer, if it is not done.
  func abandon() {
    guard let left = lane.abandon() else { return }
    account.close(left: left, "\(account.figures.uri): it took nothing for \(Int(OutputLane.patience)) s")
  }
}
