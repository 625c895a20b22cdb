// SPDX-License-Identifier: Apache-2.0

import Buffers
import Foundation
import Frames
import GraphIR
import Kernels
import ONNX
import Planning
import Stages

/// A model file, planned for this machine.
struct LoadedModel {
  let path: String
  let plan: Plan
  let description: ModelDescription
  /// The part of the input that a picture fills.
  let picture: PixelSize?
  private let mean: [Float]
  private let scale: [Float]
  /// Of an input that is stored.
  private let stored: Quantization?

  /// - Parameters:
  ///   - choose: the size to take pictures in, given the file's own.
  ///   - insists: a network that cannot have that size is refused; else it keeps its own.
  init(
    path: String, level: CPULevel, picture choose: (_ own: PixelSize) throws -> PixelSize = { $0 },
    insists: Bool = true
  ) throws {
    self.path = path
    do {
      var graph = try ONNXReader.read(path).optimized()
      let metadata = graph.metadata
      var picture = metadata["picture"].flatMap(PixelSize.init)
      let shape = graph.inputs.first?.fact.shape
      let whole = shape.flatMap { $0.rank == 4 ? PixelSize(width: $0[2], height: $0[1]) : nil }
      if let own = picture ?? whole, case let wanted = try choose(own), wanted != own {
        let size = wanted.roundedUp(to: 32)
        do {
          graph = try graph.resized(toRows: size.height, columns: size.width)
          picture = wanted
        } catch is GraphError where !insists {}
      }
      self.picture = picture
      let ends = try graph.withStoredEnds()
      graph = ends.graph
      stored = graph.inputs.first.flatMap { ends.inputs[$0.name] }
      plan = try Plan(graph: graph, options: PlanOptions(level: level))
      mean = try LoadedModel.numbers(metadata, "mean", default: 0)
      scale = try LoadedModel.numbers(metadata, "scale", default: 1.0 / 255)
      let classes = plan.outputs.first?.fact.shape.extents.last ?? 0
      let license = metadata["license"]
      description = ModelDescription(
        name: URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent,
        sha256: try FileDigest.sha256(path), precision: plan.work.integer > 0 ? "int8" : "fp32",
        isExact: plan.isExact,
        palette: try LoadedModel.palette(metadata, classes: classes), license: license ?? "unknown",
        notice: license.map { "weights: \($0)" + (metadata["dataset"].map { " (trained on \($0))" } ?? "") })
    } catch {
      throw Problem(error, subject: path)
    }
  }

  /// A session of the plan.
  func inference(threads: ThreadBudget) throws -> SessionInference {
    try SessionInference(
      plan: plan, workers: threads.inferWorkers, picture: picture, mean: mean, scale: scale,
      stored: stored)
  }

  /// The size of picture that a model sees a source in: as many pixels as the file's own, in the shape of the
  /// source where that differs, since stretched pictures are labelled worse.
  static func picture(for info: SourceInfo, like own: PixelSize) -> PixelSize {
    let aspect = info.video.sampleAspectRatio.isKnown ? info.video.sampleAspectRatio.value : 1
    let shape = Double(info.width) * aspect / Double(info.height)
    let ownShape = Double(own.width) / Double(own.height)
    guard abs(shape / ownShape - 1) > 0.1, (0.25...8).contains(shape) else { return own }
    let pixels = Double(own.width * own.height)
    let width = max(32, Int((pixels * shape).squareRoot() / 32 + 0.5) * 32)
    return PixelSize(width: width, height: max(1, Int((Double(width) / shape).rounded())))
  }

  private static func numbers(_ metadata: [String: String], _ key: String, default value: Float) throws
    -> [Float]
  {
    guard let text = metadata[key] else { return [value, value, value] }
    let numbers = text.split(separator: ",").compactMap { Float($0.trimmingCharacters(in: .whitespaces)) }
    guard numbers.count == 1 || numbers.count == 3, numbers.allSatisfy(\.isFinite) else {
      throw Problem(
        .badData, "RM-MODEL-006", "its metadata '\(key)' is '\(text)'",
        hint: "one number, or one for R, G and B")
    }
    return numbers.count == 3 ? numbers : [numbers[0], numbers[0], numbers[0]]
  }

  private static func palette(_ metadata: [String: String], classes: Int) throws -> Palette {
    guard (1...255).contains(classes) else {
      throw Problem(
        .badData, "RM-MODEL-008", "its output has scores for \(classes) classes",
        hint: "a score for each of 1 to 255 classes is needed")
    }
    guard let text = metadata["classes"] else {
      return .spread(names: (0..<classes).map { "class \($0)" })
    }
    let names = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    guard names.count <= 255 else {
      throw Problem(
        .badData, "RM-MODEL-006", "its metadata 'classes' holds \(names.count) names",
        hint: "a name for each of 1 to 255 classes")
    }
    let colors = (metadata["palette"] ?? "").split(separator: ",").compactMap {
      Palette.Color(hex: String($0))
    }
    return colors.count == names.count ? Palette(names: names, colors: colors) : .spread(names: names)
  }
}

extension Palette.Color {
  /// Reads `#rrggbb`.
  fileprivate init?(hex: String) {
    guard hex.count == 7, hex.first == "#", let value = UInt32(hex.dropFirst(), radix: 16) else { return nil }
    self.init(UInt8(value >> 16), UInt8(value >> 8 & 255), UInt8(value & 255))
  }
}
