// SPDX-License-Identifier: Apache-2.0

internal import Frames

/// A video in files of a given length. Each starts with a key frame at time 0 and plays on its own.
final class SegmentedOutput: Output {
  private let seconds: Double
  private let names: PartNames
  private let files: OwnedFiles
  private let retention: Retention
  /// Opens a file, with what is added to its timestamps.
  private let open: (String, Int64) throws -> any Output
  private var path: String
  private var current: (any Output)?
  private var bytesBefore: Int64 = 0
  private var start = 0.0
  private var lastTime = -Double.infinity

  /// - Parameter warn: called with what is wrong with the clock.
  /// - Throws: where another program writes under these names.
  init(
    seconds: Double, names: PartNames, keep: OutputConfig.Keep, warn: (String) -> Void = { _ in },
    open: @escaping (String, Int64) throws -> any Output
  ) throws {
    self.seconds = seconds
    self.open = open
    self.names = names
    files = try OwnedFiles(pattern: names.pattern)
    retention = Retention(keep: keep, files: files)
    if let warning = retention.warning { warn(warning) }
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
    let output = try current ?? begin(-frame.pts)
    try output.write(item)
  }

  func finish(trailing: [Packet]) throws { try current?.finish(trailing: trailing) }

  var bytesWritten: Int64? { bytesBefore + (current?.bytesWritten ?? 0) }

  private func begin(_ shift: Int64) throws -> any Output {
    let output = try open(path, shift)
    files.add(path)
    current = output
    return output
  }

  private func cut() throws {
    try current?.finish(trailing: [])
    bytesBefore += current?.bytesWritten ?? 0
    current = nil
    path = names.next(isFirst: false)
    retention.apply(current: path)
  }
}
