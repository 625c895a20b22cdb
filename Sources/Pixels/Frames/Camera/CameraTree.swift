// SPDX-License-Identifier: Apache-2.0

/// Where the system's cameras are found, and how one is asked what it is.
struct CameraTree: Sendable {
  /// What a node says of itself.
  struct Facts: Sendable {
    var card: String
    var bus: String
    var isCamera: Bool
  }

  var devices = "/dev"
  var nodes = "/sys/class/video4linux"
  var facts: @Sendable (_ path: String) throws -> Facts = { path in
    let device = try VideoDevice(path)
    return Facts(card: device.card, bus: device.bus, isCamera: device.isCamera)
  }

  /// All nodes of the kernel's video interface, in the order of their numbers.
  var all: [CameraNode] {
    let names = SystemFile.entries(nodes).compactMap { name -> (Int, String)? in
      guard name.hasPrefix("video"), let number = Int(name.dropFirst(5)) else { return nil }
      return (number, name)
    }
    return names.sorted { $0.0 < $1.0 }.map { node($0.1) }
  }

  /// Names that stay when a camera is plugged in again, by the device that they lead to.
  private func links(to path: String) -> [String] {
    let folder = devices + "/v4l/by-id"
    let device = SystemFile.resolved(path)
    return SystemFile.entries(folder).filter {
      device != nil && SystemFile.resolved("\(folder)/\($0)") == device
    }
  }

  private func node(_ name: String) -> CameraNode {
    let folder = "\(nodes)/\(name)"
    var node = CameraNode(path: "\(devices)/\(name)")
    node.links = links(to: node.path)
    node.identity.name = SystemFile.text("\(folder)/name") ?? ""
    node.identity.index = SystemFile.text("\(folder)/index").flatMap { Int($0) } ?? 0
    guard let device = SystemFile.resolved("\(folder)/device") else { return node }
    node.identity.place = device
    // The USB device stands one or two folders above its interface.
    var place = device[...]
    for _ in 0..<4 {
      if let vendor = SystemFile.text("\(place)/idVendor"),
        let product = SystemFile.text("\(place)/idProduct")
      {
        node.identity.model = "\(vendor):\(product)"
        node.identity.serial = SystemFile.text("\(place)/serial").flatMap { $0.isEmpty ? nil : $0 }
        break
      }
      guard let slash = place.lastIndex(of: "/") else { break }
      place = place[..<slash]
    }
    return node
  }
}

/// A node of the kernel's video interface.
struct CameraNode: Sendable {
  var path: String
  var identity = CameraIdentity()
  var links: [String] = []
}

/// What tells one camera from another, whatever number its node got.
struct CameraIdentity: Sendable, Hashable {
  /// As the driver calls it.
  var name = ""
  /// USB vendor and product, `046d:082d`.
  var model: String?
  var serial: String?
  /// Where it is plugged in: its folder in the system's tree of devices.
  var place = ""
  /// Counts the nodes of one camera.
  var index = 0

  /// The node among `nodes` that this camera has now: by its serial number; else by model and place; else
  /// by its model, if there is only one such.
  func find(in nodes: [CameraNode]) -> CameraNode? {
    let alike = nodes.filter {
      $0.identity.model == model && $0.identity.name == name && $0.identity.index == index
    }
    if serial != nil, let same = alike.first(where: { $0.identity.serial == serial }) { return same }
    let unnamed = alike.filter { $0.identity.serial == nil || serial == nil }
    if let same = unnamed.first(where: { $0.identity.place == place }) { return same }
    return unnamed.count == 1 && model != nil ? unnamed[0] : nil
  }
}
