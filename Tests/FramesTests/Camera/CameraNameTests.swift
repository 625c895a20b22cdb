// SPDX-License-Identifier: Apache-2.0

import Addresses
import Foundation
import TestSupport
import Testing

@testable import Frames

/// Addresses and identities against trees of devices made for the test.
@Suite struct CameraNameTests {
  let scratch: TemporaryFolder

  init() throws { scratch = try TemporaryFolder() }

  /// A tree with the nodes of one or more cameras in `/sys` and `/dev`.
  private func tree(_ cameras: [Made.Camera]) throws -> CameraTree {
    let root = scratch.path(UUID().uuidString)
    for camera in cameras { try camera.plug(into: root) }
    var tree = CameraTree()
    (tree.devices, tree.nodes) = (root + "/dev", root + "/class")
    tree.facts = { path in
      let number = Int(path.split(separator: "/").last!.dropFirst(5))!
      let camera = cameras.first { $0.number == number || $0.number + 1 == number }!
      if camera.isForbidden {
        throw FramesError(.deviceAccess, "open", path, "permission denied", hint: "group video")
      }
      return CameraTree.Facts(card: camera.name, bus: "usb-\(camera.port)", isCamera: number == camera.number)
    }
    return tree
  }

  private func node(_ uri: String, _ tree: CameraTree, known: CameraIdentity? = nil) throws -> String {
    let address = try #require(CameraName(uri))
    return try address.resolve(known: known, in: tree).split(separator: "/").last.map(String.init) ?? ""
  }

  @Test(arguments: [
    "/dev/video0", "/dev/v4l/by-id/usb-046d_C920-video-index0", "cam:", "cam:C920", "v4l2:///dev/video3",
    "v4l2://video3",
  ])
  func camerasAreKnownByTheirAddress(uri: String) { #expect(CameraName(uri) != nil) }

  @Test(arguments: ["video.mp4", "/dev/null", "rtsp://cam/", "-", "camera.mp4", "http://cam:80/", "/dev/sda"])
  func othersAreNot(uri: String) { #expect(CameraName(uri) == nil) }

  @Test func pathsStandForThemselves() throws {
    let none = try tree([])
    #expect(try CameraName("/dev/video7")?.resolve(in: none) == "/dev/video7")
    #expect(try CameraName("v4l2:///dev/video7")?.resolve(in: none) == "/dev/video7")
    #expect(try CameraName("v4l2://video7")?.resolve(in: none) == "/dev/video7")
  }

  @Test func wordsFindCameras() throws {
    let tree = try tree([
      Made.Camera(0, "Integrated Camera", "5986:2113", serial: nil, port: "1-8"),
      Made.Camera(2, "HD Pro Webcam C920", "046d:082d", serial: "A1B2C3", port: "3-1"),
      Made.Camera(10, "HD Pro Webcam C920", "046d:082d", serial: "FFFF00", port: "3-2"),
    ])
    #expect(try node("cam:", tree) == "video0")
    #expect(try node("cam:c920", tree) == "video2")
    #expect(try node("cam:ffff00", tree) == "video10")
    #expect(try node("cam:046d:082d", tree) == "video2")
    #expect(try node("cam:3-2", tree) == "video10")
    let error = #expect(throws: FramesError.self) { try node("cam:Logi", tree) }
    #expect(error?.kind == .notFound && error?.hint.contains("Integrated Camera") == true)
  }

  @Test func refusalsAreTold() throws {
    var camera = Made.Camera(0, "Cam", "1:2", serial: nil, port: "1-1")
    camera.isForbidden = true
    let forbidden = try tree([camera]), empty = try tree([])
    #expect(#expect(throws: FramesError.self) { try node("cam:", forbidden) }?.kind == .deviceAccess)
    #expect(#expect(throws: FramesError.self) { try node("cam:", empty) }?.kind == .notFound)
  }

  @Test func aCameraIsFoundAgain() throws {
    let first = Made.Camera(0, "C920", "046d:082d", serial: "A1", port: "3-1")
    let before = try tree([first])
    let known = try #require(before.all.first { $0.path.hasSuffix("video0") }?.identity)
    #expect(known.model == "046d:082d" && known.serial == "A1")

    // Another number, and another port.
    let moved = try tree([
      Made.Camera(0, "C920", "046d:082d", serial: "B2", port: "3-1"),
      Made.Camera(4, "C920", "046d:082d", serial: "A1", port: "3-2"),
    ])
    #expect(try node("/dev/video0", moved, known: known) == "video4")
    // Another of its kind is not it.
    let other = try tree([Made.Camera(0, "C920", "046d:082d", serial: "B2", port: "3-1")])
    let error = #expect(throws: FramesError.self) { try node("/dev/video0", other, known: known) }
    #expect(error?.kind == .gone)
    #expect(#expect(throws: FramesError.self) { try node("cam:", try tree([]), known: known) }?.kind == .gone)
  }

  @Test func withoutASerialNumberThePlaceDecides() throws {
    let before = try tree([Made.Camera(0, "Cam", "1:2", serial: nil, port: "1-1")])
    let known = try #require(before.all.first?.identity)
    var same = known
    // Two alike: the one that is where it was.
    let pair = try tree([
      Made.Camera(0, "Cam", "1:2", serial: nil, port: "1-4"),
      Made.Camera(2, "Cam", "1:2", serial: nil, port: "1-1"),
    ])
    same.place = try #require(pair.all.first { $0.path.hasSuffix("video2") }?.identity.place)
    #expect(try node("cam:", pair, known: same) == "video2")
    // One alike elsewhere is taken for it, two are not.
    let single = try tree([Made.Camera(6, "Cam", "1:2", serial: nil, port: "1-3")])
    #expect(try node("cam:", single, known: known) == "video6")
    #expect(#expect(throws: FramesError.self) { try node("cam:", pair, known: known) }?.kind == .gone)
  }
}

extension Made {
  /// A USB camera with two nodes, of which the first gives pictures.
  struct Camera: Sendable {
    var number: Int
    var name: String
    var model: String
    var serial: String?
    var port: String
    var isForbidden = false

    init(_ number: Int, _ name: String, _ model: String, serial: String?, port: String) {
      (self.number, self.name, self.model, self.serial, self.port) = (number, name, model, serial, port)
    }

    func plug(into root: String) throws {
      let files = FileManager.default
      let device = "\(root)/devices/usb/\(port)"
      let interface = "\(device)/\(port):1.0"
      func write(_ text: String, _ path: String) throws {
        try (text + "\n").write(toFile: path, atomically: true, encoding: .utf8)
      }
      for folder in [interface, root + "/dev", root + "/class"] {
        try files.createDirectory(atPath: folder, withIntermediateDirectories: true)
      }
      let ids = model.split(separator: ":").map(String.init)
      try write(ids[0], device + "/idVendor")
      try write(ids[1], device + "/idProduct")
      if let serial { try write(serial, device + "/serial") }
      for index in 0...1 {
        let node = "video\(number + index)"
        try files.createDirectory(atPath: "\(root)/class/\(node)", withIntermediateDirectories: true)
        try write(name, "\(root)/class/\(node)/name")
        try write("\(index)", "\(root)/class/\(node)/index")
        try files.createSymbolicLink(atPath: "\(root)/class/\(node)/device", withDestinationPath: interface)
        try write("", "\(root)/dev/\(node)")
      }
    }
  }
}
