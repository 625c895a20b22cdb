// SPDX-License-Identifier: Apache-2.0

public import Buffers
internal import Glibc

/// 64-bit FNV-1a: for each byte, xor it in, then multiply by 0x100000001b3.
public struct Checksum: Sendable, Hashable, CustomStringConvertible {
  public private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

  public init() {}

  public mutating func add(_ bytes: UnsafeBufferPointer<UInt8>) {
    var hash = value
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    value = hash
  }

  /// Adds the visible bytes of a plane, row by row; what lies between rows does not count.
  public mutating func add(_ plane: PlaneView, rowBytes: Int, rows: Int) {
    for row in 0..<rows {
      add(UnsafeBufferPointer(start: plane.base + row * plane.rowBytes, count: rowBytes))
    }
  }

  /// Sixteen hexadecimal digits.
  public var description: String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}

/// Writes a text line for each frame: index, pts, and the checksum of each plane, with spaces between.
public final class ChecksumWriter: FrameSink {
  public let path: String
  public private(set) var framesWritten = 0
  private let file: OutputFile
  private var isFinished = false

  /// - Throws: exists, cannotCreate, permission.
  public init(_ path: String, overwrite: Bool = false) throws {
    self.path = path
    file = try OutputFile(path, overwrite: overwrite)
  }

  public func write(_ frame: Frame) throws { try write(frame.view, index: frame.index, pts: frame.pts) }

  public func write(_ labels: LabelMap, index: Int, pts: Int64) throws {
    var sum = Checksum()
    sum.add(
      PlaneView(base: labels.pixels, rowBytes: labels.rowBytes), rowBytes: labels.width, rows: labels.height)
    try line("\(index) \(pts) \(sum)\n")
  }

  public func write(_ view: PictureView, index: Int, pts: Int64) throws {
    var text = "\(index) \(pts)"
    for plane in 0..<view.format.planeCount {
      let size = view.format.planeSize(plane, width: view.width, height: view.height)
      var sum = Checksum()
      sum.add(view.plane(plane), rowBytes: size.rowBytes, rows: size.rows)
      text += " \(sum)"
    }
    try line(text + "\n")
  }

  public func finish(trailing: [Packet] = []) throws {
    guard !isFinished else { return }
    isFinished = true
    try file.close()
    try check()
  }

  private func line(_ text: String) throws {
    file.append(text)
    framesWritten += 1
    try check()
  }

  private func check() throws {
    if file.failure != 0 { throw FramesError(errno: file.failure, "write", path) }
  }
}

/// Takes frames and does nothing with them.
public final class NullWriter: FrameSink {
  public private(set) var framesWritten = 0

  public init() {}
  public func write(_ frame: Frame) throws { framesWritten += 1 }
  public func finish(trailing: [Packet]) throws {}
}
