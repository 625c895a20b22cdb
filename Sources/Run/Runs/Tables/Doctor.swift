// SPDX-License-Identifier: Apache-2.0

internal import CPU
internal import Frames
internal import ONNX
internal import Stages

/// What this machine and this installation offer.
public enum Doctor {
  public static var lines: [String] {
    var lines: [String] = []
    let threads = ThreadBudget.available
    lines.append("cpu        \(CPULevel.cpuName)")
    lines.append(
      "kernels    \(CPULevel.best.rawValue); usable: \(CPULevel.usable.map(\.rawValue).joined(separator: ", "))"
    )
    lines.append("threads    \(threads.total) (from CPU quota and affinity)")
    lines.append("ffmpeg     \(FFmpegBuild.version) (\(FFmpegBuild.libraries.joined(separator: ", ")))")
    lines.append("encoders   \(EncoderOptions.available.joined(separator: ", "))")
    let models = ModelStore.families
    if models.isEmpty { lines.append("models     none installed") }
    for (index, model) in models.enumerated() {
      let precisions = model.precisions.joined(separator: ", ")
      lines.append("\((index == 0 ? "models" : "").padded(to: 11))\(model.name) (\(precisions))")
    }
    return lines
  }

  /// - Throws: `Problem` where something is missing without which nothing runs.
  public static func check() throws {
    let models = ModelStore.families
    if !models.contains(where: { $0.name == ModelStore.defaultName }) {
      throw Problem(
        .noInput, "RM-MODEL-001", "the default model '\(ModelStore.defaultName)' is not installed",
        hint: "looked in \(ModelStore.folders.joined(separator: ", "))")
    }
  }

  /// Under which terms the parts may be used.
  public static var licenses: [String] {
    var lines: [String] = []
    lines.append("roadmask   Apache-2.0 (source)")
    lines.append(
      "packages   swift-argument-parser, swift-log, swift-protobuf, swift-numerics, hdrhistogram-swift: Apache-2.0"
    )
    lines.append("           Yams: MIT")
    lines.append("ffmpeg     \(FFmpegBuild.license)")
    if FFmpegBuild.license.contains("GPL") && !FFmpegBuild.license.contains("LGPL") {
      lines.append("           a binary that is distributed together with it is under the GPL as a whole")
    }
    lines.append("openblas   BSD-3-Clause")
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
      lines.append("models     \(term.text):")
      for model in term.models { lines.append("           \(model)") }
    }
    return lines
  }
}
