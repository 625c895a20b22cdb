// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Runs

struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Say what this machine and this installation offer.")

  @Flag(help: "Say under which terms the parts may be used.") var licenses = false

  func run() throws {
    for line in licenses ? Doctor.licenses : Doctor.lines { print(line) }
    if !licenses { try Doctor.check() }
  }
}
