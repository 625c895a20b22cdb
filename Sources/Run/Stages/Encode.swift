// SPDX-License-Identifier: Apache-2.0

internal import Frames

/// Pictures and labels → every output, side by side. It waits for the outputs that block, until they have
/// the frame, and for no others.
final class EncodeStage: SinkStage {
  let name = StageName.encode
  private let lanes: [OutputLane]
  private let stats: StatsOutput?

  init(lanes: [OutputLane], stats: StatsOutput?) {
    self.lanes = lanes
    self.stats = stats
  }

  func deliver(_ item: DrawnFrame, _ delivery: Delivery) throws {
    for lane in lanes { lane.send(OutputLane.Item(frame: item, delivery: delivery)) }
    stats?.count(item.labels.value, isReused: item.isReused)
    for lane in lanes where lane.waits { lane.waitUntilIdle() }
    try throwFailure()
  }

  func delivered(_ ticket: Ticket) throws { try stats?.write(ticket) }

  /// Finishes every output, whatever happens to the others; then tells the first error.
  func finish() throws {
    let begin = Clock.monotonic.now()
    for lane in lanes { lane.close() }
    stats?.close()
    for lane in lanes { lane.waitUntilDone(since: begin) }
    try stats?.waitUntilDone(since: begin)
    try throwFailure()
  }

  private func throwFailure() throws {
    if let error = lanes.lazy.compactMap(\.account.fatal).first { throw error }
  }
}
