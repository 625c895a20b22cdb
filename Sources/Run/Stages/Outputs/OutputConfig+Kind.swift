// SPDX-License-Identifier: Apache-2.0

internal import Frames

extension OutputConfig {
  /// It sends to a peer over a network.
  var isPush: Bool { uri.contains("://") && !uri.hasPrefix("file:") }

  /// Pictures go out as they are: to a device, or as raw video.
  var isUncompressed: Bool {
    VideoDeviceWriter.suits(uri) || format.flatMap(RawVideoWriter.Form.init) != nil
  }

  /// The folder of `hls:FOLDER`.
  public var playlistFolder: String? { uri.hasPrefix("hls:") ? String(uri.dropFirst(4)) : nil }

  /// It writes one file, or one after the other.
  public var isFile: Bool {
    !uri.contains("://") && !["hls:", "http:", "null:"].contains(where: uri.hasPrefix) && uri != "-"
      && PicturePattern(uri) == nil
  }

  /// Where `http:[ADDRESS:]PORT` listens.
  public var listenAddress: ListenAddress? {
    uri.hasPrefix("http:") ? ListenAddress(String(uri.dropFirst(5))) : nil
  }

  /// The names of its files; `nil` where it writes none, or a name that cannot be filled in.
  var partNames: PartNames? { isFile ? PartNames(uri, isCut: segment != nil) : nil }

  /// `labels.mkv` and `labels/` get `labels.classes.json`.
  public var classMapPath: String {
    if kind == .png { return (uri.hasSuffix("/") ? String(uri.dropLast()) : uri) + ".classes.json" }
    if let names = partNames { return names.plainStem + ".classes.json" }
    return uri + ".classes.json"
  }
}
