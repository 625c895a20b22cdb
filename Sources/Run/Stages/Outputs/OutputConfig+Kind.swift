// SPDX-License-Identifier: Apache-2.0

public import Addresses
internal import Frames

extension OutputConfig {
  /// Pictures go out as they are: to a device, or as raw video.
  var isUncompressed: Bool {
    if case .device = address { return true }
    return format.flatMap(RawVideoWriter.Form.init) != nil
  }

  /// The folder of `hls:FOLDER`.
  public var playlistFolder: String? {
    if case .playlist(let folder) = address { folder } else { nil }
  }

  /// It writes one file, or one after the other.
  public var isFile: Bool { address.path != nil }

  /// It writes numbered pictures.
  public var isPictures: Bool {
    if case .pictures = address { true } else { false }
  }

  /// Where `http:[ADDRESS:]PORT` listens.
  public var listenAddress: ListenAddress? {
    if case .page(let listen) = address { listen } else { nil }
  }

  /// The names of its files; `nil` where it writes none, or a name that cannot be filled in.
  var partNames: PartNames? { address.path.flatMap { PartNames($0, isCut: segment != nil) } }

  /// The file that is written first, where its name is certain.
  public var fixedPath: String? {
    guard let names = partNames, !names.isTimed, segment == nil else { return address.path }
    return names.plainPath
  }

  /// `labels.mkv` and `labels/` get `labels.classes.json`.
  public var classMapPath: String {
    if kind == .png { return pictureFolder + ".classes.json" }
    if let names = partNames { return names.plainStem + ".classes.json" }
    return uri + ".classes.json"
  }

  /// Where label pictures go, without a slash at the end.
  public var pictureFolder: String {
    let path = address.path ?? uri
    return path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
  }
}
