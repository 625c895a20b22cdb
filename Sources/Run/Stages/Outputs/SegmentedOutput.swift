// SPDX-License-Identifier: Apache-2.0

internal import Frames

/// A video in files of a given length. Each starts with a key frame at time 0 and plays on its own.
final class SegmentedOutput: Output {
  private let seconds: Double
  private let retention: Retention
  /// Opens a file, with what is added to its timestamps.
  private let open: (String, Int64) throws -> any Output
  private var path: String
  private var current: (any Output)?
  private var bytesBefore: Int64 = 0
  private var start = 0.0
  private var lastTime = -Double.infinity

  /// - Throws: where the first file cannot be created. It gets its times with its first frame.
  init(
    seconds: Double, names: PartNames, keep: OutputConfig.Keep,
    open: @escaping (String, Int64) throws -> any Output
  ) throws {
    self.seconds = seconds
    self.open = open
    retention = Retention(keep: keep, names: names)
    path = names.next(isFirst: true)
    retention.apply(current: path)
  }

  func write(_ item: DrawnFrame) throws {
    let frame = item.decoded.frame
    // Files end on a grid, so that those of two outputs end together; times that jump begin a new grid.
    if current == nil || frame.time < lastTime {
      start = frame.time
      if current != nil { try cut() }
    } else if frame.time - start >= seconds - 1e-9 {
      start += ((frame.time - start + 1e-9) / seconds).rounded(.down) * seconds
      try cut()
    }
    lastTime = frame.time
    let output = try current ?? open(path, -frame.pts)
    current = output
    try output.write(item)
  }

  func finish(trailing: [Packet]) throws { try current?.finish(trailing: trailing) }

  var bytesWritten: Int64? { bytesBefore + (current?.bytesWritten ?? 0) }

  private func cut() throws {
    try current?.finish(trailing: [])
    bytesBefore += current?.bytesWritten ?? 0
    current = nil
    path = retention.names.next(isFirst: false)
    retention.apply(current: path)
  }
}
