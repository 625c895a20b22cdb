// SPDX-License-Identifier: Apache-2.0

/// Where results go, as a user names it. Parsed once; whatever depends on the kind of place afterwards is a switch over
/// this.
public enum OutputAddress: Sendable, Hashable {
  /// A file, whose name may hold directives of time, or a folder of label pictures.
  case file(path: String)
  /// Numbered pictures, `out/%06d.png`.
  case pictures(PicturePattern)
  /// `-`
  case standardOutput
  /// A video output of the kernel: the path in `v4l2:///dev/video10`.
  case device(path: String)
  /// To a peer, over a network.
  case push(StreamAddress)
  /// `hls:FOLDER`
  case playlist(folder: String)
  /// `http:[ADDRESS:]PORT`; `nil` where what follows names no port.
  case page(ListenAddress?)
  /// `null:`
  case none

  public init(_ text: String) {
    if text == "-" {
      self = .standardOutput
    } else if text == "null:" {
      self = .none
    } else if text.hasPrefix("hls:") {
      self = .playlist(folder: String(text.dropFirst("hls:".count)))
    } else if let path = CameraName.devicePath(text) {
      self = .device(path: path)
    } else if let stream = StreamAddress(text) {
      self = .push(stream)
    } else if text.hasPrefix("http:") {
      self = .page(ListenAddress(String(text.dropFirst("http:".count))))
    } else if let pattern = PicturePattern(text) {
      self = .pictures(pattern)
    } else {
      switch Location(text) {
      case .stream(let stream): self = .push(stream)
      case .path(let path): self = .file(path: path)
      }
    }
  }

  /// The path of a file; `nil` for what is none.
  public var path: String? {
    switch self {
    case .file(let path): path
    case .pictures, .standardOutput, .device, .push, .playlist, .page, .none: nil
    }
  }

  /// It sends to a peer over a network.
  public var isPush: Bool {
    switch self {
    case .push: true
    case .file, .pictures, .standardOutput, .device, .playlist, .page, .none: false
    }
  }

  /// A place, other than a file, that one output can have.
  public var isExclusive: Bool {
    switch self {
    case .push, .device: true
    case .file, .pictures, .standardOutput, .playlist, .page, .none: false
    }
  }

  /// The container that belongs to the place, by FFmpeg's name; `nil` leaves it to the ending of a name.
  public var container: String? {
    switch self {
    case .standardOutput: "matroska"
    case .playlist: "hls"
    case .push(let stream):
      if stream.isRTMP {
        "flv"
      } else if stream.isRTSP {
        "rtsp"
      } else if stream.carriesTransportStreams {
        "mpegts"
      } else {
        nil
      }
    case .file, .pictures, .device, .page, .none: nil
    }
  }
}

extension StreamAddress {
  fileprivate var carriesTransportStreams: Bool { ["udp", "srt", "tcp"].contains(scheme) }
}

/// Names like `out/%06d.png`: the number of a picture takes the place of the percent directive.
public struct PicturePattern: Sendable, Hashable {
  private let before: String
  private let after: String
  private let digits: Int

  /// `nil` where `text` holds no `%d` or `%0Nd`, or does not end as pictures do: in `%d-%m-%Y.mp4` it is a day.
  public init?(_ text: String) {
    guard PictureName.isPicture(text), let percent = text.firstIndex(of: "%"),
      let end = text[percent...].firstIndex(of: "d")
    else { return nil }
    let width = text[text.index(after: percent)..<end]
    guard width.allSatisfy({ $0.isASCII && $0.isNumber }) else { return nil }
    before = String(text[..<percent])
    after = String(text[text.index(after: end)...])
    digits = width.isEmpty ? 1 : min(Int(width) ?? 1, 18)
  }

  public func path(_ number: Int) -> String {
    let text = String(number)
    return before + String(repeating: "0", count: max(0, digits - text.count)) + text + after
  }
}

/// Files that are pictures, by their names.
public enum PictureName {
  /// In lower case, without the dot.
  public static let endings: Set<String> = ["png", "jpg", "jpeg", "bmp", "ppm", "pgm", "webp"]

  /// What follows the last dot of the name, in lower case; empty where there is none, or only a first one.
  public static func ending(of path: String) -> String {
    guard let name = path.split(separator: "/").last, let dot = name.lastIndex(of: "."),
      dot != name.startIndex
    else { return "" }
    return name[name.index(after: dot)...].lowercased()
  }

  public static func isPicture(_ path: String) -> Bool { endings.contains(ending(of: path)) }
}
