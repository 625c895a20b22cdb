// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import GraphIR
internal import ONNX
internal import Pixels
internal import Stages

/// What a model file says about itself, read once for all who need it.
struct ModelMetadata {
  /// Columns and rows that the picture fills, at the top left of the input.
  var picture: PixelSize?
  /// Subtracted from the channels in 0…255, in the order that the file takes them in.
  var mean: [Float]
  /// What the differences are multiplied by.
  var scale: [Float]
  var order: ChannelOrder
  var names: [String]?
  var colors: [Palette.Color]
  var precision: String?
  var license: String?
  var dataset: String?
  /// Sentences for the start of a run: what the file does not say, and what was taken instead.
  var assumed: [String] = []

  /// - Throws: `Problem` naming the key that cannot be.
  init(_ entries: [String: String]) throws {
    picture = try entries["picture"].map { text in
      guard let size = PixelSize(text) else {
        throw ModelMetadata.contradiction("picture", text, "a size as in 480x360")
      }
      return size
    }
    mean = try ModelMetadata.numbers(entries, "mean", standard: 0)
    scale = try ModelMetadata.numbers(entries, "scale", standard: 1.0 / 255)
    guard scale.allSatisfy({ $0 != 0 }) else {
      throw ModelMetadata.contradiction("scale", entries["scale"] ?? "", "numbers other than 0")
    }
    let word = entries["order"] ?? "rgb"
    guard let order = ChannelOrder(rawValue: word) else {
      throw ModelMetadata.contradiction("order", word, "rgb or bgr")
    }
    self.order = order
    names = entries["classes"].map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    colors = (entries["palette"] ?? "").split(separator: ",").compactMap { Palette.Color(hex: String($0)) }
    precision = entries["precision"]
    license = entries["license"]
    dataset = entries["dataset"]
    assumed = (entries[Graph.assumedKey] ?? "").split(separator: ";").map {
      $0.trimmingCharacters(in: .whitespaces)
    }
    if entries["mean"] == nil && entries["scale"] == nil {
      assumed.append("the file does not say how pictures are normalised: RGB 0…255 divided by 255 is taken")
    }
    if names == nil { assumed.append("the file does not name its classes: they are numbered") }
  }

  /// Colours for `classes` classes.
  ///
  /// - Throws: `Problem` where there can be no such labels, or as many names contradict it.
  func palette(classes: Int) throws -> Palette {
    guard (1...255).contains(classes) else {
      throw Problem(
        .badData, "RM-MODEL-008", "its output has scores for \(classes) classes",
        hint: "a score for each of 1 to 255 classes is needed")
    }
    if let names, names.count > 255 {
      throw Problem(
        .badData, "RM-MODEL-006", "its metadata 'classes' holds \(names.count) names",
        hint: "a name for each of 1 to 255 classes")
    }
    guard let names else { return .spread(names: (0..<classes).map { "class \($0)" }) }
    return colors.count == names.count ? Palette(names: names, colors: colors) : .spread(names: names)
  }

  private static func numbers(_ entries: [String: String], _ key: String, standard: Float) throws -> [Float] {
    guard let text = entries[key] else { return [standard, standard, standard] }
    let words = text.split(separator: ",", omittingEmptySubsequences: false)
    let numbers = words.compactMap { Float($0.trimmingCharacters(in: .whitespaces)) }
    guard numbers.count == words.count, numbers.count == 1 || numbers.count == 3,
      numbers.allSatisfy(\.isFinite)
    else {
      throw contradiction(key, text, "one number, or one for each channel")
    }
    return numbers.count == 3 ? numbers : [numbers[0], numbers[0], numbers[0]]
  }

  private static func contradiction(_ key: String, _ text: String, _ expected: String) -> Problem {
    Problem(.badData, "RM-MODEL-006", "its metadata '\(key)' is '\(text)'", hint: expected)
  }
}

extension Palette.Color {
  /// Reads `#rrggbb`.
  fileprivate init?(hex: String) {
    guard hex.count == 7, hex.first == "#", let value = UInt32(hex.dropFirst(), radix: 16) else { return nil }
    self.init(UInt8(value >> 16), UInt8(value >> 8 & 255), UInt8(value & 255))
  }
}
