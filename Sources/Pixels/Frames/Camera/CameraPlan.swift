// SPDX-License-Identifier: Apache-2.0

/// How a camera is going to be used, and why.
struct CameraPlan {
  let format: CameraFormat
  private(set) var mode: CameraMode
  private let card: String
  private let place: String
  private let runnerUp: CameraMode?

  /// - Parameter model: USB vendor and product.
  /// - Throws: usage where the wished format is not to be had, notCamera where none can be read.
  init(_ device: VideoDevice, wishes: CameraWishes, model: String?) throws {
    let modes = device.modes(wishes)
    guard let mode = wishes.choose(from: modes), let known = CameraFormat(mode.format) else {
      throw CameraPlan.refusal(device, wishes, modes)
    }
    let codes = device.formats()
    format = CameraFormat.all.first { $0.name == known.name && codes.contains($0.code) } ?? known
    self.mode = mode
    card = device.card
    place = model.map { "usb \($0)" } ?? device.bus
    runnerUp = wishes.runnerUp(to: mode, of: modes)
  }

  private static func refusal(
    _ device: VideoDevice, _ wishes: CameraWishes, _ modes: [CameraMode]
  ) -> FramesError {
    var names: [String] = []
    for mode in modes where !names.contains(mode.format) { names.append(mode.format) }
    let readable = names.filter { CameraFormat($0) != nil }
    guard let format = wishes.format, !readable.isEmpty else {
      return FramesError(
        .notCamera, "open", device.path, "it gives no format that can be read",
        hint: names.isEmpty ? "it names none at all" : "it gives \(names.joined(separator: ", "))")
    }
    return FramesError(
      .usage, "open", device.path,
      names.contains(format) ? "\(format) cannot be read from cameras" : "it gives no \(format)",
      hint: "there is \(readable.joined(separator: ", "))")
  }

  /// The driver may choose another size than it was asked for.
  mutating func settle(width: Int, height: Int) { (mode.width, mode.height) = (width, height) }

  /// `C920 (usb 046d:082d)  1280x720 mjpeg 30 fps  (yuyv422 would give 10 fps)`
  var summary: String {
    var parts = ["\(card) (\(place))", "\(mode)"]
    if let other = runnerUp { parts.append("(\(other.format) would give \(decimal(other.rate.value)) fps)") }
    return parts.joined(separator: "  ")
  }

  func info(uri: String, video: VideoFormat, rotation: Rotation) -> SourceInfo {
    var info = SourceInfo(
      uri: uri, codec: format.name, storedFormat: format.name, video: video, rotation: rotation)
    info.ownSummary = summary
    return info
  }
}

extension CameraMode: CustomStringConvertible {
  public var description: String {
    "\(width)x\(height) \(format)" + (rate.isKnown ? " \(decimal(rate.value)) fps" : "")
  }
}
