// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Frames
import Runs

struct DevicesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "devices",
    abstract: "List the cameras with their formats, sizes and rates, and what would be chosen.")

  @Flag(help: "As JSON.") var json = false

  func run() throws {
    let devices = DeviceList(Camera.all(), encoders: EncoderOptions.available)
    print(json ? try devices.json : devices.text)
  }
}
