// SPDX-License-Identifier: Apache-2.0

/// A timeline of a run as Chrome's trace viewer and Perfetto read it: when each stage worked on each frame, and how
/// long the frame had waited in front of it. One row for each stage; times are microseconds of the monotonic clock.
///
/// A run that breaks off leaves a file that both still read.
final class RunTrace: Sendable {
  private struct State {
    var json = JSONText()
    var lines: [UInt8] = []
  }

  private let state = Monitor(State())
  private let lane: Lane<[UInt8]>
  private let outcome: TextLaneWriter.Outcome

  /// - Throws: `FramesError`, as of any output.
  init(_ path: String, overwrite: Bool) throws {
    let worker = TextLaneWriter(try TextFile(path, overwrite: overwrite))
    outcome = worker.outcome
    lane = Lane("roadmask.trace", places: 8, policy: .block, worker: worker)
    state.withLock { state in
      state.lines += Array("{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n".utf8)
      for stage in StageName.allCases {
        RunTrace.add(to: &state, isFirst: stage == .decode) { json in
          json.string("ph", "M")
          json.string("name", "thread_name")
          RunTrace.place(stage, &json)
          json.object("args") { $0.string("name", stage.rawValue) }
        }
      }
    }
  }

  /// Books that `stage` worked on a frame.
  ///
  /// - Parameters:
  ///   - begin: of the work, in nanoseconds.
  ///   - waited: nanoseconds in the queue in front of the stage; `nil` without one.
  func record(_ stage: StageName, frame: Int, begin: UInt64, service: UInt64, waited: UInt64?) {
    let full = state.withLock { state in
      if let waited {
        // Waiting frames overlap, which a row of plain events cannot show.
        for (phase, time) in [("b", begin &- waited), ("e", begin)] {
          RunTrace.add(to: &state) { json in
            json.string("ph", phase)
            json.string("cat", "wait")
            json.string("name", "wait for \(stage.rawValue)")
            json.integer("id", frame * StageName.allCases.count + stage.position)
            RunTrace.place(stage, &json)
            json.number("ts", Double(time) / 1e3, places: 3)
            json.object("args") { $0.integer("frame", frame) }
          }
        }
      }
      RunTrace.add(to: &state) { json in
        json.string("ph", "X")
        json.string("cat", "service")
        json.string("name", stage.rawValue)
        RunTrace.place(stage, &json)
        json.number("ts", Double(begin) / 1e3, places: 3)
        json.number("dur", Double(service) / 1e3, places: 3)
        json.object("args") { $0.integer("frame", frame) }
      }
      return RunTrace.take(from: &state, atLeast: TextFile.chunk)
    }
    if let full { _ = lane.send(full) }
  }

  /// Completes the file.
  ///
  /// - Throws: the first error of writing it.
  func finish() throws {
    let rest = state.withLock { state in
      state.lines += Array("\n]}\n".utf8)
      return RunTrace.take(from: &state, atLeast: 0)
    }
    if let rest { _ = lane.send(rest) }
    lane.close()
    lane.waitUntilDone()
    try outcome.check()
  }

  private static func place(_ stage: StageName, _ json: inout JSONText) {
    json.integer("pid", 1)
    json.integer("tid", stage.position + 1)
  }

  private static func add(to state: inout State, isFirst: Bool = false, _ body: (inout JSONText) -> Void) {
    if !isFirst { state.lines += Array(",\n".utf8) }
    state.json.removeAll()
    state.json.object { body(&$0) }
    state.lines += state.json.bytes
  }

  private static func take(from state: inout State, atLeast count: Int) -> [UInt8]? {
    guard state.lines.count >= count else { return nil }
    defer { state.lines.removeAll(keepingCapacity: true) }
    return state.lines
  }
}
