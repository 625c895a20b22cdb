// SPDX-License-Identifier: Apache-2.0

internal import Foundation
public import Frames

extension CameraDescription {
  fileprivate var lines: [String] {
    let place = model.map { "usb \($0)" } ?? bus
    var lines = ["\(path)  \(card)" + (place.isEmpty ? "" : " (\(place))")]
    if let stablePath { lines.append("  id      \(stablePath)") }
    if let problem {
      lines += ["  error   \(problem.cause)", "  hint    \(problem.hint)"]
      return lines
    }
    let groups = DeviceList.formats(modes)
    for format in groups where format.readable {
      let sizes = format.sizes.map { size in
        "\(size.width)x\(size.height)" + (size.rates_fps.first.map { " \(DeviceList.text($0))" } ?? "")
      }
      lines.append("  \(format.name.padded(to: 8))\(sizes.joined(separator: ", ")) fps")
    }
    let others = groups.filter { !$0.readable }.map(\.name)
    if !others.isEmpty { lines.append("  not read: \(others.joined(separator: ", "))") }
    lines.append("  chosen  \(chosen.map { "\($0)" } ?? "none: no format that can be read")")
    return lines
  }
}

/// What `devices` says, as text or JSON.
public struct DeviceList {
  struct Size: Encodable {
    var width: Int
    var height: Int
    /// The highest first.
    var rates_fps: [Double]
  }

  struct Format: Encodable {
    var name: String
    var readable: Bool
    var sizes: [Size]
  }

  struct Chosen: Encodable {
    var format: String
    var width: Int
    var height: Int
    var rate_fps: Double?
  }

  struct Refusal: Encodable {
    var text: String
    var hint: String
  }

  struct Device: Encodable {
    var path: String
    var card: String
    var bus: String
    var usb: String?
    var serial: String?
    var id: String?
    var formats: [Format]
    var chosen: Chosen?
    var error: Refusal?
  }

  private struct Root: Encodable {
    var v = 1
    var type = "devices"
    var cameras: [Device]
    var encoders: [String]
  }

  private let cameras: [CameraDescription]
  private let encoders: [String]

  public init(_ cameras: [CameraDescription], encoders: [String]) {
    self.cameras = cameras
    self.encoders = encoders
  }

  public var text: String {
    let lines = cameras.isEmpty ? ["no camera is plugged in"] : cameras.flatMap(\.lines)
    return (lines + ["encoders  \(encoders.joined(separator: ", "))"]).joined(separator: "\n")
  }

  private var devices: [Device] {
    cameras.map { camera in
      Device(
        path: camera.path, card: camera.card, bus: camera.bus, usb: camera.model, serial: camera.serial,
        id: camera.stablePath, formats: DeviceList.formats(camera.modes),
        chosen: camera.chosen.map {
          Chosen(
            format: $0.format, width: $0.width, height: $0.height,
            rate_fps: $0.rate.isKnown ? DeviceList.rounded($0.rate.value) : nil)
        },
        error: camera.problem.map { Refusal(text: $0.description, hint: $0.hint) })
    }
  }

  public var json: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return String(decoding: try encoder.encode(Root(cameras: devices, encoders: encoders)), as: UTF8.self)
    }
  }

  /// The modes by format and size, in the camera's order.
  static func formats(_ modes: [CameraMode]) -> [Format] {
    var formats: [Format] = []
    for mode in modes {
      if formats.last?.name != mode.format {
        formats.append(Format(name: mode.format, readable: mode.isReadable, sizes: []))
      }
      let last = formats.count - 1
      let size = formats[last].sizes.last
      if size?.width != mode.width || size?.height != mode.height {
        formats[last].sizes.append(Size(width: mode.width, height: mode.height, rates_fps: []))
      }
      guard mode.rate.isKnown else { continue }
      let place = formats[last].sizes.count - 1
      formats[last].sizes[place].rates_fps.append(rounded(mode.rate.value))
      formats[last].sizes[place].rates_fps.sort(by: >)
    }
    return formats
  }

  static func rounded(_ rate: Double) -> Double { (rate * 1000).rounded() / 1000 }

  static func text(_ rate: Double) -> String { rate == rate.rounded() ? "\(Int(rate))" : "\(rate)" }
}
