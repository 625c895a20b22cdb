// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import CPU
internal import Pixels

/// A JSON line for each delivered frame: its times, and how much of the picture each class covers. Lines go
/// to the file a second's worth at a time, on a thread of its own.
final class StatsOutput {
  private let lane: Lane<[UInt8]>
  private let writer: TextLaneWriter.Outcome
  private let waits: Bool
  private let names: [String]
  private let level: CPULevel
  private var counts = [UInt64](repeating: 0, count: 256)
  private var pixels = 1
  private var json = JSONText()
  private var lines: [UInt8] = []
  private var lastIndex = -1
  private var labelsFrom = 0
  private var isReused = false
  private var sentAt: UInt64 = 0

  /// - Parameter waits: the run waits for a slow file, else lines are left out.
  /// - Throws: `FramesError`, as of any output.
  init(_ path: String, names: [String], level: CPULevel, overwrite: Bool, waits: Bool) throws {
    let worker = TextLaneWriter(try TextFile(path, overwrite: overwrite))
    writer = worker.outcome
    lane = Lane("roadmask.stats", places: 8, policy: waits ? .block : .dropNewest, worker: worker)
    self.waits = waits
    self.names = names
    self.level = level
  }

  /// Takes the shares of the frame that `write` will be about.
  ///
  /// - Parameter isReused: the labels are those of an earlier frame.
  func count(_ labels: LabelMap, isReused: Bool) {
    self.isReused = isReused
    for index in counts.indices { counts[index] = 0 }
    addClassHistogram(of: labels, to: &counts, level: level)
    pixels = labels.width * labels.height
  }

  func write(_ ticket: Ticket) throws {
    if !isReused { labelsFrom = ticket.index }
    json.removeAll()
    json.object { json in
      json.integer("v", 1)
      json.integer("frame", ticket.index)
      json.number("pts_s", ticket.mediaSeconds, places: 6)
      json.number("age_ms", (ticket.deliveredAt &- ticket.bornAt).milliseconds, places: 3)
      json.object("stage_ms") { json in
        for stage in StageName.allCases {
          json.number(named: stage.rawValue, ticket[stage].milliseconds, places: 3)
        }
      }
      json.object("share") { json in
        for (id, name) in names.enumerated() where counts[id] > 0 {
          json.number(named: name, Double(counts[id]) / Double(pixels), places: 4)
        }
      }
      json.integer("labels_from", labelsFrom)
      json.integer("dropped_before", ticket.index - lastIndex - 1)
    }
    json.newline()
    lastIndex = ticket.index
    lines += json.bytes
    if lines.count >= TextFile.chunk || ticket.deliveredAt &- sentAt > 1_000_000_000 {
      sentAt = ticket.deliveredAt
      send()
    }
    try writer.check()
  }

  /// Sends the last lines.
  func close() {
    send()
    lane.close()
  }

  func waitUntilDone(since begin: UInt64) throws {
    lane.waitUntilDone(deadline: waits ? nil : begin &+ UInt64(OutputLane.patience * 1e9))
    _ = lane.abandon()
    try writer.check()
  }

  private func send() {
    guard !lines.isEmpty else { return }
    _ = lane.send(lines)
    lines.removeAll(keepingCapacity: true)
  }
}

/// Appends what comes to a file.
final class TextLaneWriter: LaneWorker {
  final class Outcome: Sendable {
    private let error = Monitor<(any Error)?>(nil)

    func fail(_ new: any Error) { error.withLock { $0 = $0 ?? new } }
    func check() throws { if let error = error.withLock({ $0 }) { throw error } }
  }

  let outcome = Outcome()
  private let file: TextFile

  init(_ file: TextFile) { self.file = file }

  func take(_ lines: [UInt8]) {
    do {
      try file.append(lines)
      try file.flush()
    } catch {
      outcome.fail(error)
    }
  }

  func finish() { do { try file.finish() } catch { outcome.fail(error) } }
}
