// SPDX-License-Identifier: Apache-2.0

import Buffers
import GraphIR

extension Importer {
  static let geometry: [String: Rule] = [
    "Resize": { try $0.resize(&$1) },
    "GridSample": { importer, node in
      let word = try node.string("mode", "bilinear")
      // Called linear since opset 20.
      guard let mode = GridSample.Mode(rawValue: word == "linear" ? "bilinear" : word) else {
        throw node.fail("attribute 'mode' is '\(word)'", hint: "bilinear and nearest are supported")
      }
      let edge = try node.string("padding_mode", "zeros")
      guard let padding = GridSample.Padding(rawValue: edge) else {
        throw node.fail("attribute 'padding_mode' is '\(edge)'", hint: "zeros and border are supported")
      }
      let sample = GridSample(
        mode: mode, padding: padding, alignCorners: try node.bool("align_corners", false))
      try importer.add(.gridSample(sample), node.inputs, output: try node.output(), node)
    },
  ]

  private mutating func resize(_ node: inout NodeReader) throws {
    let word = try node.string("mode", "nearest")
    guard let mode = Resize.Mode(rawValue: word) else {
      throw node.fail(
        "attribute 'mode' is '\(word)'",
        hint: "export again with mode=linear; linear and nearest are supported")
    }
    let place = try node.string("coordinate_transformation_mode", "half_pixel")
    guard let coordinates = Resize.Coordinates(rawValue: place) else {
      throw node.fail(
        "attribute 'coordinate_transformation_mode' is '\(place)'",
        hint: "half_pixel, pytorch_half_pixel, align_corners and asymmetric are supported")
    }
    let near = try node.string("nearest_mode", "round_prefer_floor")
    guard let rounding = Resize.Rounding(rawValue: near) else {
      throw node.fail("attribute 'nearest_mode' is '\(near)'")
    }
    try node.expect("exclude_outside", 0)
    try node.expect("antialias", 0, hint: "export with antialias=False")
    let policy = try node.string("keep_aspect_ratio_policy", "stretch")
    guard policy == "stretch" else { throw node.fail("attribute 'keep_aspect_ratio_policy' is '\(policy)'") }
    node.ignore("cubic_coeff_a")
    node.ignore("extrapolation_value")

    let x = try fact(node.input(0), node).shape
    guard x.rank == 4 else { throw node.fail("input \(x)", hint: "only maps of rank 4 are resized") }
    let axes = try node.ints("axes") ?? Array(0..<4)
    let target = try target(x, axes: axes.map { $0 < 0 ? $0 + 4 : $0 }, node)
    let resize = Resize(target, mode: mode, coordinates: coordinates, rounding: rounding)
    try add(.resize(resize), [node.input(0)], output: try node.output(), node)
  }

  private func target(_ x: Shape, axes: [Int], _ node: NodeReader) throws -> Resize.Target {
    func place(_ values: [Int]) throws -> [Int] {
      var all = x.extents
      guard values.count == axes.count else {
        throw node.fail("\(values.count) sizes for \(axes.count) axes")
      }
      for (axis, value) in zip(axes, values) {
        guard all.indices.contains(axis) else { throw node.fail("axis \(axis) of rank 4") }
        all[axis] = value
      }
      guard all[0] == x[0], all[1] == x[1] else {
        throw node.fail("changes \(x) to \(all)", hint: "only rows and columns can be resized")
      }
      return all
    }
    if let sizes = try integers(node.input(3), "sizes", node), !sizes.isEmpty {
      let all = try place(sizes)
      return .size(Pair(rows: all[2], columns: all[3]))
    }
    guard let scales = try floats(node.input(2), "scales", node), !scales.isEmpty else {
      throw node.fail("neither sizes nor scales")
    }
    guard scales.count == axes.count else { throw node.fail("\(scales.count) scales for \(axes.count) axes") }
    var all: [Float] = [1, 1, 1, 1]
    for (axis, scale) in zip(axes, scales) {
      guard all.indices.contains(axis) else { throw node.fail("axis \(axis) of rank 4") }
      all[axis] = scale
    }
    guard all[0] == 1, all[1] == 1 else {
      throw node.fail("scales batch or channels", hint: "only rows and columns can be resized")
    }
    return .scales(rows: all[2], columns: all[3])
  }
}
