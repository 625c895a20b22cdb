// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import Kernels

/// A JSON line for each delivered frame: its times, and how much of the picture each class covers.
final class StatsOutput {
  private let file: TextFile
  private let names: [String]
  private let level: CPULevel
  private var counts = [UInt64](repeating: 0, count: 256)
  private var pixels = 1
  private var json = JSONText()
  private var lastIndex = -1
  private var labelsFrom = 0
  private var isReused = false
  private var flushedAt: UInt64 = 0

  /// - Throws: `FramesError`, as of any output.
  init(_ path: String, names: [String], level: CPULevel, overwrite: Bool) throws {
    file = try TextFile(path, overwrite: overwrite)
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
    try file.append(json.bytes)
    if ticket.deliveredAt &- flushedAt > 1_000_000_000 {
      flushedAt = ticket.deliveredAt
      try file.flush()
    }
  }

  func finish() throws { try file.finish() }
}
