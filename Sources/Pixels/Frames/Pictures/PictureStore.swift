// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Puts whole files in place: written aside, then renamed, so that no half of one is ever seen.
enum PictureStore {
  /// - Throws: exists, cannotCreate, permission, diskFull, io.
  static func save(_ bytes: UnsafeRawBufferPointer, to path: String, overwrite: Bool) throws {
    if !overwrite && access(path, F_OK) == 0 {
      throw FramesError(
        .exists, "create", path, "it exists", hint: "overwrite it with -y, or choose another name")
    }
    let aside = path + ".part"
    let file = try OutputFile(aside, overwrite: true)
    defer { unlink(aside) }
    file.append(bytes)
    try file.close()
    if file.failure != 0 { throw FramesError(errno: file.failure, "write", path) }
    guard rename(aside, path) == 0 else { throw FramesError(errno: errno, "create", path) }
  }
}

/// Names like `out/%06d.png`: the number of a picture takes the place of the percent directive.
public struct PicturePattern: Sendable, Hashable {
  private let before: String
  private let after: String
  private let digits: Int

  /// `nil` where `text` holds no `%d` or `%0Nd`, or does not end as pictures do: in `%d-%m-%Y.mp4` it is a day.
  public init?(_ text: String) {
    guard PictureFile.extensions.contains(PictureFile.ending(of: text)),
      let percent = text.firstIndex(of: "%"), let end = text[percent...].firstIndex(of: "d")
    else { return nil }
    let width = text[text.index(after: percent)..<end]
    guard width.allSatisfy(\.isNumber) else { return nil }
    before = String(text[..<percent])
    after = String(text[text.index(after: end)...])
    digits = width.isEmpty ? 1 : min(Int(width) ?? 1, 18)
  }

  public func path(_ number: Int) -> String {
    let text = String(number)
    return before + String(repeating: "0", count: max(0, digits - text.count)) + text + after
  }
}

/// Writes each frame as a picture of its own, numbered by its index.
public final class ImageSequenceWriter: FrameSink {
  public let pattern: PicturePattern
  public private(set) var framesWritten = 0
  private let writer: ImageWriter

  public init(_ pattern: PicturePattern, overwrite: Bool = false) {
    self.pattern = pattern
    writer = ImageWriter(overwrite: overwrite)
  }

  public func write(_ frame: Frame) throws {
    try writer.write(frame, to: pattern.path(frame.index))
    framesWritten += 1
  }

  public func finish(trailing: [Packet] = []) throws {}
}
