// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

private let hasCamera = FileManager.default.fileExists(atPath: "/sys/class/video4linux/video0")

extension ProgramTests {
  /// Cameras on a machine that has none; scripts/camera-test has real ones.
  @Suite(.enabled(if: !Machine.hasCamera, "this machine has a camera"))
  struct Devices {
    let work: Workplace

    init() throws { work = try Workplace() }

    @Test func thatThereIsNoneIsSaid() throws {
      let result = try work.run(["devices"])
      #expect(result.status == 0 && result.err == "")
      #expect(result.out.contains("no camera is plugged in") && result.out.contains("libx264"))
    }

    @Test func theListIsJSON() throws {
      let result = try work.run(["devices", "--json"])
      #expect(result.status == 0)
      let list = try #require(try JSONSerialization.jsonObject(with: Data(result.out.utf8)) as? [String: Any])
      #expect(list["type"] as? String == "devices" && list["v"] as? Int == 1)
      #expect((list["cameras"] as? [Any])?.isEmpty == true)
      #expect((list["encoders"] as? [String])?.contains("libx264") == true)
    }

    @Test func camerasThatAreNotThere() throws {
      for source in ["/dev/video99", "v4l2:///dev/video99", "cam:", "cam:C920"] {
        expectRefusal(
          try work.run([source, "out.mp4"] + Street.fast), "RM-IN-001",
          source.hasPrefix("cam:") ? "no camera" : "no such device")
      }
      expectRefusal(
        try work.run(["v4l2:///dev/null", "out.mp4"] + Street.fast), "RM-CAM-002", "no video device")
      expectRefusal(
        try work.run([Street.short, "v4l2:///dev/null"] + Street.fast), "RM-CAM-002", "no video device")
      #expect(work.names.isEmpty)
    }

    @Test func optionsOfCamerasAreChecked() throws {
      for (option, value) in [("--size", "big"), ("--rate", "0"), ("--rate", "fast")] {
        expectRefusal(try work.run(["/dev/video99", option, value] + Street.fast), "RM-USE-002", option)
      }
    }
  }
}

private enum Machine {
  static let hasCamera = FileManager.default.fileExists(atPath: "/sys/class/video4linux/video0")
}
