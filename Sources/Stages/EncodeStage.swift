// SPDX-License-Identifier: Apache-2.0

internal import Frames

/// Pictures and labels → every output, one after the other.
final class EncodeStage: SinkStage {
  let name = StageName.encode
  private let slots: [OutputSlot]
  private let stats: StatsOutput?
  private let trailer: Trailer
  private let board: OutputBoard

  init(slots: [OutputSlot], stats: StatsOutput?, trailer: Trailer, board: OutputBoard) {
    self.slots = slots
    self.stats = stats
    self.trailer = trailer
    self.board = board
    board.post(slots)
  }

  func process(_ item: DrawnFrame) throws {
    for slot in slots { try slot.write(item) }
    stats?.count(item.labels.value, isReused: item.isReused)
  }

  func delivered(_ ticket: Ticket) throws { try stats?.write(ticket) }

  /// Finishes every output, whatever happens to the others; then tells the first error.
  func finish() throws {
    defer { board.post(slots) }
    var first: (any Error)?
    func attempt(_ body: () throws -> Void) {
      do { try body() } catch { first = first ?? error }
    }
    for slot in slots { attempt { try slot.finish(trailing: trailer.contents) } }
    attempt { try stats?.finish() }
    if let first { throw first }
  }
}
