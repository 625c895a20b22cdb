// SPDX-License-Identifier: Apache-2.0

internal import Addresses
internal import Glibc

/// The recordings that a folder, a pattern or a list of names stands for: one drive, in the order of their names.
public struct ClipList: Sendable, Equatable {
  /// In the order in which they are played.
  public let paths: [String]
  /// Cameras of the same drive that are not played, as `back` of `2024-05-06_07-08-09-back.mp4`.
  public let otherCameras: [String]

  /// The endings of files that hold a film.
  public static let endings: Set<String> = [
    "mp4", "mov", "m4v", "mkv", "webm", "avi", "ts", "mts", "m2ts", "3gp", "flv", "mpg", "mpeg", "insv",
    "lrv",
  ]

  /// Names given one by one stay in their order.
  public init(_ paths: [String]) { (self.paths, otherCameras) = (paths, []) }

  /// `nil` where `path` is no folder with recordings in it and no pattern of such.
  public init?(_ path: String) {
    var status = stat()
    if stat(path, &status) == 0 {
      guard status.st_mode & S_IFMT == S_IFDIR else { return nil }
      self.init(found: ClipList.names(in: path).map { (path.hasSuffix("/") ? path : path + "/") + $0 })
    } else {
      guard path.contains(where: { "*?[".contains($0) }) else { return nil }
      var result = glob_t()
      defer { globfree(&result) }
      guard glob(path, 0, nil, &result) == 0 else { return nil }
      self.init(found: (0..<Int(result.gl_pathc)).map { String(cString: result.gl_pathv[$0]!) })
    }
  }

  /// A file that is there and ends as films do.
  public static func isRecording(_ path: String) -> Bool {
    var status = stat()
    return endings.contains(PictureName.ending(of: path)) && stat(path, &status) == 0
      && status.st_mode & S_IFMT == S_IFREG
  }

  private init?(found: [String]) {
    let films = found.filter { ClipList.endings.contains(PictureName.ending(of: $0)) }
      .sorted(by: PictureList.naturallyPrecedes)
    // A picture beside recordings is a thumbnail; recordings beside pictures are none of theirs.
    guard !films.isEmpty, films.count >= found.count(where: PictureName.isPicture) else { return nil }
    let cameras = films.map(ClipList.camera)
    let front = cameras.first { $0 == "front" } ?? nil
    guard cameras.allSatisfy({ $0 != nil }), Set(cameras).count > 1, let front else {
      (paths, otherCameras) = (films, [])
      return
    }
    paths = zip(films, cameras).filter { $0.1 == front }.map(\.0)
    otherCameras = Set(cameras.compactMap { $0 }).subtracting([front]).sorted()
  }

  private static func names(in folder: String) -> [String] {
    guard let handle = opendir(folder) else { return [] }
    defer { closedir(handle) }
    var names: [String] = []
    while let entry = readdir(handle) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) {
        String(cString: $0.bindMemory(to: CChar.self).baseAddress!)
      }
      if name.first != "." { names.append(name) }
    }
    return names
  }

  /// `front` of `2024-05-06_07-08-09-front.mp4`, as cars that film all around name their files.
  private static func camera(of path: String) -> String? {
    guard let name = path.split(separator: "/").last, let dot = name.lastIndex(of: "."),
      let dash = name[..<dot].lastIndex(of: "-")
    else { return nil }
    let camera = name[name.index(after: dash)..<dot]
    return camera.isEmpty || !camera.allSatisfy({ $0.isLetter || $0 == "_" }) ? nil : String(camera)
  }
}
