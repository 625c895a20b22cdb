// SPDX-License-Identifier: Apache-2.0

internal import Addresses
internal import Glibc

/// Finds the picture files that a path, folder or pattern stands for, in natural order.
enum PictureList {
  /// - Throws: notFound, permission, noFrames where nothing matches.
  static func find(_ path: String) throws -> [String] {
    if isFolder(path) {
      guard let folder = opendir(path) else { throw FramesError(errno: errno, "open", path) }
      defer { closedir(folder) }
      var names: [String] = []
      while let entry = readdir(folder) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) {
          String(cString: $0.bindMemory(to: CChar.self).baseAddress!)
        }
        if name.first != ".", PictureName.isPicture(name) {
          names.append(name)
        }
      }
      guard !names.isEmpty else {
        throw FramesError(
          .noFrames, "read", path, "no pictures in the folder",
          hint: "pictures end in .png, .jpg, .jpeg, .bmp, .ppm or .webp")
      }
      let base = path.last == "/" ? path : path + "/"
      return names.sorted(by: naturallyPrecedes).map { base + $0 }
    }
    var status = stat()
    if stat(path, &status) == 0 { return [path] }
    guard path.contains(where: { "*?[".contains($0) }) else { throw FramesError(errno: ENOENT, "open", path) }
    var result = glob_t()
    defer { globfree(&result) }
    guard glob(path, 0, nil, &result) == 0 else {
      throw FramesError(
        .noFrames, "read", path, "no file matches", hint: "quote the pattern, and check its folder")
    }
    return (0..<Int(result.gl_pathc)).map { String(cString: result.gl_pathv[$0]!) }.sorted(
      by: naturallyPrecedes)
  }

  /// Runs of digits compare as numbers: `a9` before `a10`.
  static func naturallyPrecedes(_ a: String, _ b: String) -> Bool {
    var left = Array(a.utf8)[...]
    var right = Array(b.utf8)[...]
    while let x = left.first, let y = right.first {
      if isDigit(x) && isDigit(y) {
        let (m, n) = (takeNumber(&left), takeNumber(&right))
        if m.count != n.count { return m.count < n.count }
        if !m.elementsEqual(n) { return m.lexicographicallyPrecedes(n) }
      } else {
        if x != y { return x < y }
        left.removeFirst()
        right.removeFirst()
      }
    }
    return left.count == right.count ? a < b : left.count < right.count
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

  /// The digits at the front, without leading zeros.
  private static func takeNumber(_ text: inout ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let digits = text.prefix(while: isDigit)
    text = text.dropFirst(digits.count)
    return digits.drop { $0 == 0x30 }
  }

  private static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }
}
