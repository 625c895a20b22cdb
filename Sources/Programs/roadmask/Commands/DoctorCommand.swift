// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CPU
import Frames
import ONNX
import Runs
import Stages

struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Say what this machine and this installation offer.")

  @Flag(help: "Say under which terms the parts may be used.") var licenses = false

  func run() throws {
    if licenses { return printLicenses() }
    let threads = ThreadBudget.available
    print("cpu        \(CPULevel.cpuName)")
    print(
      "kernels    \(CPULevel.best.rawValue); usable: \(CPULevel.usable.map(\.rawValue).joined(separator: ", "))"
    )
    print("threads    \(threads.total) (from CPU quota and affinity)")
    print("ffmpeg     \(FFmpegBuild.version) (\(FFmpegBuild.libraries.joined(separator: ", ")))")
    print("encoders   \(EncoderOptions.available.joined(separator: ", "))")
    let models = ModelStore.families
    if models.isEmpty { print("models     none installed") }
    for (index, model) in models.enumerated() {
      let precisions = model.precisions.joined(separator: ", ")
      print("\((index == 0 ? "models" : "").padded(to: 11))\(model.name) (\(precisions))")
    }
    if !models.contains(where: { $0.name == ModelStore.defaultName }) {
      throw Problem(
        .noInput, "RM-MODEL-001", "the default model '\(ModelStore.defaultName)' is not installed",
        hint: "looked in \(ModelStore.folders.joined(separator: ", "))")
    }
  }

  private func printLicenses() {
    print("roadmask   Apache-2.0 (source)")
    print(
      "packages   swift-argument-parser, swift-log, swift-protobuf, swift-numerics, hdrhistogram-swift: Apache-2.0"
    )
    print("           Yams: MIT")
    print("ffmpeg     \(FFmpegBuild.license)")
    if FFmpegBuild.license.contains("GPL") && !FFmpegBuild.license.contains("LGPL") {
      print("           a binary that is distributed together with it is under the GPL as a whole")
    }
    print("openblas   BSD-3-Clause")
    var terms: [(text: String, models: [String])] = []
    for model in ModelStore.installed {
      let metadata = (try? ONNXReader.read(model.path))?.metadata ?? [:]
      let dataset = metadata["dataset"].map { "; trained on \($0)" } ?? ""
      let text = (metadata["license"] ?? "license unknown") + dataset
      if let known = terms.firstIndex(where: { $0.text == text }) {
        terms[known].models.append(model.name)
      } else {
        terms.append((text, [model.name]))
      }
    }
    for term in terms {
      print("models     \(term.text):")
      for model in term.models { print("           \(model)") }
    }
  }
}
