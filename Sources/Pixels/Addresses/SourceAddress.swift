// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Where frames come from, as a user names it. Parsed once, from the text of an argument or a pipeline file; whatever
/// depends on the kind of source afterwards is a switch over this.
public enum SourceAddress: Sendable, Hashable {
  /// A film, a pipe or a socket in the file system.
  case file(path: String)
  /// Pictures that are files of their own: one, a folder of them, or a pattern with `*`, `?` or `[`.
  case pictures(path: String)
  /// `-`
  case standardInput
  case camera(CameraName)
  case stream(StreamAddress)
  /// `test:street?…`, as written.
  case test(String)

  /// What `text` names. Anything that is no address is a path; a path is that of pictures when a folder is there, when
  /// it ends as pictures do, or when it is a pattern and no file of that very name is there.
  public init(_ text: String) {
    if text == "-" {
      self = .standardInput
    } else if text.hasPrefix("test:") {
      self = .test(text)
    } else if let camera = CameraName(text) {
      self = .camera(camera)
    } else {
      switch Location(text) {
      case .stream(let stream): self = .stream(stream)
      case .path(let path):
        self = SourceAddress.isOfPictures(path) ? .pictures(path: path) : .file(path: path)
      }
    }
  }

  /// The path of a file, a folder or a pattern; `nil` for what is none.
  public var path: String? {
    switch self {
    case .file(let path), .pictures(let path): path
    case .standardInput, .camera, .stream, .test: nil
    }
  }

  /// Frames come when they come, whatever we do. An `http` address may turn out so once it is open.
  public var isLive: Bool {
    switch self {
    case .camera: true
    case .stream(let stream): stream.isLive
    case .file, .pictures, .standardInput, .test: false
    }
  }

  /// Whether an address over a network is read, where what breaks may be there again later.
  public var isNetwork: Bool {
    switch self {
    case .stream: true
    case .file, .pictures, .standardInput, .camera, .test: false
    }
  }

  private static func isOfPictures(_ path: String) -> Bool {
    var status = stat()
    if stat(path, &status) == 0 {
      return status.st_mode & S_IFMT == S_IFDIR || PictureName.isPicture(path)
    }
    return path.contains { "*?[".contains($0) }
  }
}

/// A camera of this machine: `/dev/video0`, `/dev/v4l/by-id/…`, `v4l2:///dev/video0`, `cam:` for the first one, `cam:C920`
/// for one whose name, serial number, model or place has this in it.
public enum CameraName: Sendable, Hashable {
  case path(String)
  case word(String)

  /// `nil` where `text` names no camera.
  public init?(_ text: String) {
    if text.hasPrefix("cam:") {
      self = .word(String(text.dropFirst("cam:".count)))
    } else if let path = CameraName.devicePath(text) {
      self = .path(path)
    } else if text.hasPrefix("/dev/video") || text.hasPrefix("/dev/v4l/") {
      self = .path(text)
    } else {
      return nil
    }
  }

  /// The path in `v4l2:///dev/video0` or `v4l2://video0`.
  static func devicePath(_ text: String) -> String? {
    let scheme = "v4l2://"
    guard text.hasPrefix(scheme) else { return nil }
    let rest = String(text.dropFirst(scheme.count))
    return rest.hasPrefix("/") ? rest : "/dev/" + rest
  }
}

/// A text that is either an address over a network or a path.
enum Location {
  case stream(StreamAddress)
  case path(String)

  init(_ text: String) {
    if let stream = StreamAddress(text) {
      self = .stream(stream)
    } else {
      self = .path(Location.path(text))
    }
  }

  /// `file:///a%20b` and `file://localhost/a%20b` are addresses, whose escapes mean bytes; `file:a%20b` is FFmpeg's
  /// form, and names the file as it stands.
  private static func path(_ text: String) -> String {
    guard text.hasPrefix("file:") else { return text }
    let rest = text.dropFirst("file:".count)
    guard rest.hasPrefix("//") else { return String(rest) }
    let place = rest.dropFirst(2)
    let path = place.hasPrefix("localhost/") ? place.dropFirst("localhost".count) : place
    return Escapes.removed(from: String(path))
  }
}
