// SPDX-License-Identifier: Apache-2.0

import Buffers
import Foundation
import GraphIR
import SwiftProtobuf

/// One file while it is read: its message checked as a whole, then its nodes imported.
struct ModelDecoder {
  private let proto: ONNXModelProto
  private var importer: Importer
  private let opset: Int
  /// Of a picture network.
  private let head: PictureHead?
  /// Nodes that the outputs need.
  private var live: [Bool] = []

  /// - Parameter folder: where other files of the model are; `nil` where there are none.
  init(_ data: Data, folder: String?, _ settings: ImportOptions) throws {
    guard data.count <= ONNXReader.maximumBytes else {
      throw ONNXError("\(data.count) bytes; the limit is \(ONNXReader.maximumBytes)")
    }
    var options = BinaryDecodingOptions()
    options.messageDepthLimit = 16
    options.discardUnknownFields = true
    do {
      proto = try ONNXModelProto(serializedBytes: data, options: options)
    } catch {
      throw ONNXError("is no ONNX model, or damaged", hint: "was it copied completely?")
    }
    guard proto.hasGraph, !proto.graph.node.isEmpty else {
      throw ONNXError("holds no graph", hint: "is it an ONNX model?")
    }
    guard
      let version = proto.opsetImport.first(where: { $0.domain.isEmpty || $0.domain == "ai.onnx" })?.version,
      let opset = Int(exactly: version), ONNXReader.opsets.contains(opset)
    else {
      let given = proto.opsetImport.map { "\($0.domain) \($0.version)" }.joined(separator: ", ")
      throw ONNXError(
        "opset\(given)",
        hint:
          "\(ONNXReader.opsets) are read; export with opset 17"
      )
    }
    self.opset = opset
    let graph = proto.graph
    guard graph.node.count <= GraphLimits.nodes else {
      throw ONNXError("\(graph.node.count) nodes; the limit is \(GraphLimits.nodes)")
    }
    let edges = graph.node.reduce(0) { $0 + $1.input.count + $1.output.count }
    guard edges <= GraphLimits.edges else {
      throw ONNXError("\(edges) inputs and outputs of nodes; the limit is \(GraphLimits.edges)")
    }
    guard graph.initializer.count + graph.input.count <= GraphLimits.values else {
      throw ONNXError("\(graph.initializer.count) initialisers; the limit is \(GraphLimits.values)")
    }
    var reserved = Set(graph.initializer.map(\.name))
    for node in graph.node { reserved.formUnion(node.output) }
    for input in graph.input { reserved.insert(input.name) }
    importer = Importer(name: graph.name, opset: opset, reserved: reserved)
    for entry in proto.metadataProps { importer.graph.metadata[entry.key] = entry.value }
    // Widened numbers keep no trace of how they were stored.
    if importer.graph.metadata["precision"] == nil,
      graph.initializer.contains(where: { Int($0.dataType) == ONNXTensorProto.DataType.float16.rawValue })
    {
      importer.graph.metadata["precision"] = "fp16"
    }
    let initial = Set(graph.initializer.map(\.name))
    var external = ExternalData(folder: folder)
    for var tensor in graph.initializer {
      do {
        try external.load(&tensor)
        try importer.addInitializer(tensor.name, try tensor.tensor(tensor.name))
      } catch var error as GraphError {
        let reader = graph.node.first { $0.input.contains(tensor.name) }
        error.node = reader.map { $0.name.isEmpty ? $0.output.first ?? "" : $0.name }
        error.op = reader?.opType
        throw error
      }
    }
    // Files before IR version 4 list initialisers among the inputs.
    let inputs = graph.input.filter { !initial.contains($0.name) }
    guard settings.asPicture else {
      self.head = nil
      for input in inputs { try importer.addInput(input.name, try Self.fact(input, settings.size)) }
      return
    }
    let head = try PictureHead(graph, output: settings.output)
    self.head = head
    live = Self.live(graph.node, for: head.keepsWinner ? [head.output] : head.needed)
    var readers: [String: Int] = [:]
    for (node, isLive) in zip(graph.node, live) where isLive {
      for value in node.input where !value.isEmpty { readers[value, default: 0] += 1 }
    }
    let read = inputs.filter { readers[$0.name] != nil }
    guard read.count == 1, let picture = read.first else {
      throw GraphError(
        "the network takes \(read.count) inputs: \(read.map(\.name).joined(separator: ", "))",
        hint: "one picture is what can be given")
    }
    try importer.addPicture(picture, settings.size, readers: readers)
  }

  /// Which nodes the values `wanted` need.
  private static func live(_ nodes: [ONNXNodeProto], for wanted: [String]) -> [Bool] {
    var needed = Set(wanted)
    var live = [Bool](repeating: false, count: nodes.count)
    for (index, node) in nodes.enumerated().reversed() where node.output.contains(where: needed.contains) {
      live[index] = true
      needed.formUnion(node.input)
    }
    return live
  }

  mutating func graph() throws -> Graph {
    for (index, node) in proto.graph.node.enumerated() where live.isEmpty || live[index] {
      try importer.read(node, index: index)
    }
    try finish()
    return importer.graph
  }

  private mutating func finish() throws {
    if let head { return try importer.finishPicture(head) }
    try importer.finish(outputs: proto.graph.output.map(\.name))
  }

  mutating func report() -> ONNXReport {
    var report = ONNXReport(opset: opset, operators: [:], problems: [])
    for (index, node) in proto.graph.node.enumerated() where live.isEmpty || live[index] {
      report.operators[node.opType, default: 0] += 1
      // Behind a node that cannot run, only the operator itself can still be judged.
      let blind = node.input.contains { importer.broken.contains($0) }
      do {
        if blind {
          try importer.judge(node, index: index)
        } else {
          try importer.read(node, index: index)
        }
      } catch let error as GraphError {
        report.problems.append(error)
      } catch {
        report.problems.append(GraphError("\(error)"))
      }
      for output in node.output where !importer.gives(output) { importer.broken.insert(output) }
    }
    if report.problems.isEmpty {
      do { try finish() } catch let error as GraphError {
        report.problems.append(error)
      } catch {
        report.problems.append(GraphError("\(error)"))
      }
    }
    return report
  }

  /// Type and extents of an input. An open batch is 1; open rows and columns are `size`.
  private static func fact(_ input: ONNXValueInfoProto, _ size: Pair?) throws -> Fact {
    func fail(_ problem: String, hint: String? = nil) -> GraphError {
      GraphError("input '\(input.name)': \(problem)", hint: hint)
    }
    guard case .tensorType(let type)? = input.type.value, type.hasShape else { throw fail("it has no shape") }
    let dtype: DType
    switch ONNXTensorProto.DataType(rawValue: Int(type.elemType)) {
    // Half precision is widened, as constants are.
    case .float, .float16: dtype = .float32
    case .uint8: dtype = .uint8
    case .int8: dtype = .int8
    case .int32: dtype = .int32
    case .int64: dtype = .int64
    default: throw fail("elements of type \(type.elemType)", hint: "export with float32 inputs")
    }
    let dimensions = type.shape.dim
    guard dimensions.count <= GraphLimits.rank else { throw fail("rank \(dimensions.count)") }
    var extents: [Int] = []
    for (axis, dimension) in dimensions.enumerated() {
      if case .dimValue(let value)? = dimension.value, value > 0 {
        guard value <= GraphLimits.attribute else { throw fail("extent \(value)") }
        extents.append(Int(value))
      } else if axis == 0 {
        extents.append(1)
      } else if dimensions.count == 4, axis >= 2, let size {
        extents.append(axis == 2 ? size.rows : size.columns)
      } else {
        throw fail("its axis \(axis) is open", hint: "give the size, or export with a fixed one")
      }
    }
    guard extents.allSatisfy({ $0 > 0 }), let count = Shape.checkedCount(extents),
      count <= GraphLimits.elements
    else {
      throw fail("shape \(extents) is beyond the limits")
    }
    return Fact(dtype, Shape(extents))
  }
}
