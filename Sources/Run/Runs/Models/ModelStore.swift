// SPDX-License-Identifier: Apache-2.0

internal import Foundation
public import Stages

/// Finds model files: installed ones by name, others by path.
public enum ModelStore {
  /// Used where none is named.
  public static let defaultName = "srm-crm"

  /// Folders that hold installed models, first found first: `$ROADMASK_MODELS`, `models` in the folder of
  /// the program or one above it, `share/roadmask/models` beside its `bin`.
  public static var folders: [String] {
    var folders: [String] = []
    if let named = ProcessInfo.processInfo.environment["ROADMASK_MODELS"] { folders.append(named) }
    var folder = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    folders.append(folder.deletingLastPathComponent().appendingPathComponent("share/roadmask/models").path)
    while folder.path != "/" {
      folders.append(folder.appendingPathComponent("models").path)
      folder.deleteLastPathComponent()
    }
    return folders
  }

  /// Installed models by name, with their paths.
  public static var installed: [(name: String, path: String)] {
    var found: [(name: String, path: String)] = []
    for folder in folders {
      let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
      for file in files.sorted() where file.hasSuffix(".onnx") {
        let name = String(file.dropLast(5))
        if !found.contains(where: { $0.name == name }) { found.append((name, "\(folder)/\(file)")) }
      }
    }
    return found
  }

  /// Installed models by the name that `--model` takes, with the precisions there are of each.
  public static var families: [(name: String, precisions: [String])] {
    var found: [(name: String, precisions: [String])] = []
    for model in installed {
      let ending = [".int8", ".fp16"].first(where: model.name.hasSuffix) ?? ""
      let name = String(model.name.dropLast(ending.count))
      let precision = ending.isEmpty ? "fp32" : String(ending.dropFirst())
      if let known = found.firstIndex(where: { $0.name == name }) {
        found[known].precisions.append(precision)
      } else {
        found.append((name, [precision]))
      }
    }
    return found
  }

  /// The file of `model`, a name or a path; the default model without one.
  ///
  /// A name stands for `NAME.int8.onnx`, `NAME.fp16.onnx` and `NAME.onnx`; `precision` chooses among those that
  /// are installed, `auto` the first in this order. `fp32` takes the halves where there is no file of floats, `fp16`
  /// and `bf16` the other way round. A path means that very file.
  public static func path(of model: String?, precision: PipelineConfig.Model.Precision = .auto) throws
    -> String
  {
    if let model, model.contains("/") || model.hasSuffix(".onnx") {
      guard FileManager.default.fileExists(atPath: model) else {
        throw Problem(
          .noInput, "RM-MODEL-001", "cannot open model \(model): no such file",
          hint: "installed models: \(list); or build one: roadmask model build")
      }
      return model
    }
    let name = model ?? defaultName
    let endings: [String] =
      switch precision {
      case .auto: [".int8", ".fp16", ""]
      case .int8: [".int8"]
      case .fp16, .bf16: [".fp16", ""]
      case .fp32: ["", ".fp16"]
      }
    let installed = installed
    for ending in endings {
      if let match = installed.first(where: { $0.name == name + ending }) { return match.path }
    }
    throw Problem(
      .noInput, "RM-MODEL-001",
      "no model called '\(name)' is installed" + (precision == .auto ? "" : " in \(precision.rawValue)"),
      hint: guess(name) + "installed models: \(list); or give the path of an .onnx file")
  }

  private static var list: String {
    let names = families.map(\.name)
    return names.isEmpty ? "none" : names.joined(separator: ", ")
  }

  private static func guess(_ name: String) -> String {
    let near = families.map(\.name).filter { $0.hasPrefix(name + "-") }.min { $0.count < $1.count }
    return near.map { "did you mean '\($0)'? " } ?? ""
  }
}
