// SPDX-License-Identifier: Apache-2.0

import Buffers
import Foundation
import GraphIR

/// One node of a file while it is imported: its attributes are taken out one by one, and whatever is left at
/// the end is something that we would wrongly ignore.
struct NodeReader {
  let name: String
  let op: String
  let inputs: [String]
  let outputs: [String]
  private var attributes: [String: ONNXAttributeProto] = [:]

  /// - Parameter index: the node's place, which names nodes that have no name.
  init(_ proto: ONNXNodeProto, index: Int) throws {
    op = proto.opType
    inputs = proto.input
    outputs = proto.output
    name = proto.name.isEmpty ? (proto.output.first ?? "") + "#\(index)" : proto.name
    guard proto.domain.isEmpty || proto.domain == "ai.onnx" else {
      throw fail(
        "operators of '\(proto.domain)' are not known",
        hint: "export with standard ONNX operators only, opset 17")
    }
    for attribute in proto.attribute {
      guard attribute.refAttrName.isEmpty, attributes.updateValue(attribute, forKey: attribute.name) == nil
      else {
        throw fail("attribute '\(attribute.name)' is given twice or by reference")
      }
    }
  }

  func fail(_ problem: String, hint: String? = nil) -> GraphError {
    GraphError(node: name, op: op, problem, hint: hint)
  }

  /// The input at `index`, "" where it is omitted.
  func input(_ index: Int) -> String { index < inputs.count ? inputs[index] : "" }

  func output() throws -> String {
    guard let output = outputs.first, !output.isEmpty, outputs.dropFirst().allSatisfy(\.isEmpty) else {
      throw fail("\(outputs.count) outputs; only the first is computed", hint: "export without the others")
    }
    return output
  }

  /// A list of integers that is looked at without being taken.
  func integers(_ key: String) -> [Int]? { attributes[key].map { $0.ints.map { Int($0) } } }

  func has(_ key: String) -> Bool { attributes[key] != nil }

  private mutating func take(_ key: String, _ type: ONNXAttributeProto.AttributeType) throws
    -> ONNXAttributeProto?
  {
    guard let attribute = attributes.removeValue(forKey: key) else { return nil }
    guard attribute.type == type || attribute.type == .undefined else {
      throw fail("attribute '\(key)' has another type")
    }
    return attribute
  }

  mutating func int(_ key: String) throws -> Int? { try take(key, .int).map { Int($0.i) } }
  mutating func int(_ key: String, _ standard: Int) throws -> Int { try int(key) ?? standard }
  mutating func bool(_ key: String, _ standard: Bool) throws -> Bool { try int(key, standard ? 1 : 0) != 0 }
  mutating func float(_ key: String) throws -> Float? { try take(key, .float)?.f }
  mutating func float(_ key: String, _ standard: Float) throws -> Float { try float(key) ?? standard }
  mutating func ints(_ key: String) throws -> [Int]? { try take(key, .ints)?.ints.map { Int($0) } }
  mutating func floats(_ key: String) throws -> [Float]? { try take(key, .floats)?.floats }

  mutating func string(_ key: String, _ standard: String) throws -> String {
    guard let attribute = try take(key, .string) else { return standard }
    return String(decoding: attribute.s, as: UTF8.self)
  }

  mutating func tensor(_ key: String) throws -> Tensor? {
    guard let attribute = try take(key, .tensor) else { return nil }
    do { return try attribute.t.tensor(key) } catch let error as GraphError {
      throw fail(error.problem, hint: error.hint)
    }
  }

  /// Takes an attribute that must have one value, given or by default.
  mutating func expect(_ key: String, _ value: Int, hint: String? = nil) throws {
    let given = try int(key, value)
    guard given == value else {
      throw fail("attribute '\(key)' is \(given); only \(value) is supported", hint: hint)
    }
  }

  /// Takes an attribute that does not change what the node computes here.
  mutating func ignore(_ key: String) { attributes[key] = nil }

  /// - Throws: `GraphError` naming an attribute that nothing took.
  func finish() throws {
    guard let key = attributes.keys.min() else { return }
    throw fail(
      "attribute '\(key)' is not supported", hint: "export with opset 17 and without it")
  }
}
