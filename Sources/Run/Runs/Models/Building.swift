// SPDX-License-Identifier: Apache-2.0

internal import GraphIR
internal import Networks
internal import ONNX
internal import Stages

/// What `model build` does: writes a built-in network as ONNX.
public struct Building {
  /// A preset, and single choices of it by their key.
  public var preset: String
  public var choices: [(key: String, value: String?)] = []
  public var output: String
  /// A file of trained weights.
  public var weights: String?
  /// The training form even with weights.
  public var isForTraining = false
  public var seed: UInt64 = 0
  /// Of the input and of the picture in it, as text.
  public var size: String?
  public var picture: String?
  /// `key=value` pairs for the file's metadata.
  public var meta: [String] = []
  public var overwrite = false

  public init(_ preset: String, output: String) {
    self.preset = preset
    self.output = output
  }

  /// - Throws: `Problem`, or an error that it words.
  public func run() throws {
    try Console.refuseDash(output)
    try Console.refuseExisting(output, overwrite: overwrite)
    let (size, picture) = try sizes()
    let words = choices.compactMap { choice in choice.value.map { "\(choice.key)=\($0)" } }
    let spec = try NetworkSpec(parsing: ([preset] + words).joined(separator: " "))
    let graph = try spec.build(
      rows: size.height, columns: size.width, picture: (picture.width, picture.height),
      form: weights == nil || isForTraining ? .training : .deployable,
      weights: weights.map { try Safetensors.read($0).tensors }, seed: seed, metadata: metadata())
    try ONNXWriter.write(graph, to: output)
    Console.message("wrote \(output)\n\(try GraphSummary(graph))")
  }

  private func sizes() throws -> (size: PixelSize, picture: PixelSize) {
    func read(_ option: String, _ text: String?) throws -> PixelSize? {
      guard let text else { return nil }
      guard let size = PixelSize(text) else {
        throw Problem(
          .usage, "RM-USE-002", "\(option) \(text) is no size", hint: "write WIDTHxHEIGHT, as in 480x384")
      }
      return size
    }
    let given = try read("--size", size)
    let picture = try read("--picture", picture) ?? given ?? PixelSize(width: 480, height: 360)
    return (given ?? picture.roundedUp(to: 32), picture)
  }

  private func metadata() throws -> [String: String] {
    var pairs: [String: String] = [:]
    for word in meta {
      guard let equals = word.firstIndex(of: "=") else {
        throw Problem(
          .usage, "RM-USE-002", "--meta \(word) has no '='", hint: "write key=value, as in license=MIT")
      }
      pairs[String(word[..<equals])] = String(word[word.index(after: equals)...])
    }
    return pairs
  }
}
