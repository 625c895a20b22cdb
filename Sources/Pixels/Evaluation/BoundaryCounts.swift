// SPDX-License-Identifier: Apache-2.0

public import Buffers

/// How well the outlines of predicted classes follow the true ones.
///
/// A pixel is on the outline of its class if one of its four neighbours has another class; void pixels, and
/// outlines against void, count nowhere. An outline pixel is a hit if an outline pixel of the same class
/// lies within `radius` pixels (Euclidean) in the other map.
public struct BoundaryCounts: Sendable, Equatable {
  public let classes: Int
  /// Pixels.
  public let radius: Int
  /// By class: outline pixels of the prediction, those of them that hit; the same of the truth.
  private var predicted: [Int]
  private var predictedHits: [Int]
  private var truths: [Int]
  private var truthHits: [Int]

  public init(classes: Int, radius: Int = 3) {
    precondition((1...255).contains(classes) && radius >= 0)
    self.classes = classes
    self.radius = radius
    predicted = Array(repeating: 0, count: classes)
    (predictedHits, truths, truthHits) = (predicted, predicted, predicted)
  }

  /// Adds a picture.
  ///
  /// - Precondition: the maps have one size.
  public mutating func add(prediction: LabelMap, truth: LabelMap) {
    let guess = Outline(of: prediction, where: truth, classes: classes)
    let real = Outline(of: truth, where: truth, classes: classes)
    BoundaryCounts.count(guess, near: real, radius: radius, in: &predicted, hits: &predictedHits)
    BoundaryCounts.count(real, near: guess, radius: radius, in: &truths, hits: &truthHits)
  }

  /// F-score of each class, 0…1, over all pictures; `nil` for a class without an outline in either map.
  public var scores: [Double?] {
    (0..<classes).map { id in
      guard predicted[id] + truths[id] > 0 else { return nil }
      guard predictedHits[id] > 0, truthHits[id] > 0 else { return 0 }
      let precision = Double(predictedHits[id]) / Double(predicted[id])
      let recall = Double(truthHits[id]) / Double(truths[id])
      return 2 * precision * recall / (precision + recall)
    }
  }

  /// Mean of `scores` over the classes that have one; 0 if none has.
  public var mean: Double {
    let present = scores.compactMap(\.self)
    return present.isEmpty ? 0 : present.reduce(0, +) / Double(present.count)
  }

  private static func count(
    _ outline: Outline, near other: Outline, radius: Int, in totals: inout [Int], hits: inout [Int]
  ) {
    let reach = other.grown(by: radius)
    for (at, id) in outline.pixels {
      totals[id] += 1
      if reach.contains(id, at: at) { hits[id] += 1 }
    }
  }
}

/// The outline pixels of a label map.
private struct Outline {
  let width: Int
  let height: Int
  let classes: Int
  /// Row-major position and class.
  let pixels: [(at: Int, id: Int)]

  /// - Parameter truth: pixels where it holds no class are void.
  init(of map: LabelMap, where truth: LabelMap, classes: Int) {
    precondition(map.width == truth.width && map.height == truth.height, "maps of one size")
    let width = map.width, height = map.height
    var found: [(at: Int, id: Int)] = []
    func label(_ row: Int, _ column: Int) -> Int? {
      guard row >= 0, row < height, column >= 0, column < width,
        truth.pixels[row * truth.rowBytes + column] < classes
      else { return nil }
      let value = Int(map.pixels[row * map.rowBytes + column])
      return value < classes ? value : nil
    }
    func differs(_ id: Int, _ row: Int, _ column: Int) -> Bool {
      label(row, column).map { $0 != id } ?? false
    }
    for row in 0..<height {
      for column in 0..<width {
        guard let id = label(row, column) else { continue }
        if differs(id, row - 1, column) || differs(id, row + 1, column) || differs(id, row, column - 1)
          || differs(id, row, column + 1)
        {
          found.append((row * width + column, id))
        }
      }
    }
    (self.width, self.height, self.classes) = (width, height, classes)
    pixels = found
  }

  /// For each pixel, the classes whose outline lies within `radius`.
  func grown(by radius: Int) -> ClassSets {
    var sets = ClassSets(count: width * height, classes: classes)
    var disc: [(row: Int, column: Int)] = []
    for row in -radius...radius {
      for column in -radius...radius where row * row + column * column <= radius * radius {
        disc.append((row, column))
      }
    }
    for (at, id) in pixels {
      let (row, column) = (at / width, at % width)
      for step in disc {
        let (y, x) = (row + step.row, column + step.column)
        if y >= 0, y < height, x >= 0, x < width { sets.insert(id, at: y * width + x) }
      }
    }
    return sets
  }
}

/// A set of classes for each pixel, one bit a class.
private struct ClassSets {
  private let words: Int
  private var bits: [UInt64]

  init(count: Int, classes: Int) {
    words = (classes + 63) / 64
    bits = Array(repeating: 0, count: count * words)
  }

  mutating func insert(_ id: Int, at pixel: Int) { bits[pixel * words + id / 64] |= 1 << UInt64(id % 64) }

  func contains(_ id: Int, at pixel: Int) -> Bool {
    bits[pixel * words + id / 64] >> UInt64(id % 64) & 1 == 1
  }
}
