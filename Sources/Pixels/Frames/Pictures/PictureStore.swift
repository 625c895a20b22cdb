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
