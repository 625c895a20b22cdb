// SPDX-License-Identifier: Apache-2.0

import Foundation
import GraphIR

/// Numbers that a model keeps in files beside it.
///
/// Only regular files in the model's own folder, or below it, are read: no absolute path, no `..`, no link
/// that leads out.
struct ExternalData {
  /// The folder of the model; `nil` for bytes in memory, which have none.
  let folder: String?
  private var files: [String: Data] = [:]

  init(folder: String?) { self.folder = folder }

  /// Puts the numbers of `tensor` where they are expected, if they are elsewhere.
  ///
  /// - Throws: `GraphError` naming the tensor.
  mutating func load(_ tensor: inout ONNXTensorProto) throws {
    guard !tensor.externalData.isEmpty || tensor.dataLocation == .external else { return }
    let name = tensor.name
    func fail(_ problem: String, hint: String? = nil) -> GraphError {
      GraphError("tensor '\(name)': \(problem)", hint: hint)
    }
    var entries: [String: String] = [:]
    for entry in tensor.externalData { entries[entry.key] = entry.value }
    guard let folder, let location = entries["location"] else {
      throw fail("its data is in another file", hint: "save the model as one file")
    }
    let file = try files[location] ?? contents(location, in: folder, fail)
    files[location] = file
    func number(_ key: String, _ standard: Int) throws -> Int {
      guard let text = entries[key] else { return standard }
      guard let value = Int(text), value >= 0 else { throw fail("its \(key) in '\(location)' is '\(text)'") }
      return value
    }
    let offset = try number("offset", 0)
    let length = try number("length", max(0, file.count - offset))
    guard offset <= file.count, length <= file.count - offset else {
      throw fail(
        "'\(location)' has \(file.count) bytes, \(length) from \(offset) on are claimed",
        hint: "was it copied completely?")
    }
    tensor.rawData = file.subdata(in: file.startIndex + offset..<file.startIndex + offset + length)
    tensor.externalData = []
    tensor.dataLocation = .default
  }

  private func contents(
    _ location: String, in folder: String, _ fail: (String, String?) -> GraphError
  ) throws -> Data {
    let parts = location.split(separator: "/", omittingEmptySubsequences: false)
    guard !location.isEmpty, !parts.contains(".."), !parts.contains(""), !location.contains("\0") else {
      throw fail("its data is said to be in '\(location)'", "only files in the model's own folder are read")
    }
    let root = URL(fileURLWithPath: folder).resolvingSymlinksInPath().path
    let place = URL(fileURLWithPath: folder).appendingPathComponent(location).resolvingSymlinksInPath().path
    guard place.hasPrefix(root == "/" ? root : root + "/") else {
      throw fail("its data is in '\(location)', which leads out of the model's folder", nil)
    }
    let attributes = try? FileManager.default.attributesOfItem(atPath: place)
    guard let attributes, attributes[.type] as? FileAttributeType == .typeRegular else {
      throw fail("its data file '\(location)' is missing", "keep it in the folder of the model")
    }
    guard attributes[.size] as? Int ?? 0 <= ONNXReader.maximumBytes else {
      throw fail("its data file '\(location)' is larger than \(ONNXReader.maximumBytes) bytes", nil)
    }
    guard let data = try? Data(contentsOf: URL(fileURLWithPath: place), options: .mappedIfSafe) else {
      throw fail("its data file '\(location)' cannot be read", nil)
    }
    return data
  }
}
