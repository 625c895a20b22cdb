// SPDX-License-Identifier: Apache-2.0

import Buffers
import GraphIR

/// Turns a file's nodes into a graph, one at a time, with the facts of all values known as it goes.
///
/// Rules stand in extensions, one file for each family of operators; `Importer.rules` lists them.
struct Importer {
  /// A tensor that is known before the run.
  struct Static {
    var tensor: Tensor
    /// An initialiser of the file.
    var isParameter: Bool
  }

  typealias Rule = @Sendable (inout Importer, inout NodeReader) throws -> Void

  let opset: Int
  var graph: Graph
  private var table = FactTable(layout: .channelsFirst)
  private(set) var statics: [String: Static] = [:]
  /// Values that are others under a second name.
  var aliases: [String: String] = [:]
  /// Values that a report goes on without.
  var broken: Set<String> = []
  private var nodeNames: Set<String> = []
  /// The last number behind a name that was wanted more than once.
  private var numbers: [String: Int] = [:]
  /// Of a picture network: what its first nodes do to the picture alone.
  var normalization: OwnNormalization?
  /// How often the file reads each value.
  var valueReaders: [String: Int] = [:]
  var pictureRows = 0
  var pictureColumns = 0
  /// The file takes `[rows, columns, channels]`.
  var takesRowsOfPixels = false
  /// Elements of values that were worked out.
  private var workedOut = 0
  /// Names that the file gives to values, so that ours stay clear of them.
  private let reserved: Set<String>

  init(name: String, opset: Int, reserved: Set<String>) {
    self.opset = opset
    self.reserved = reserved
    graph = Graph(name: name)
  }

  // What rules read.

  /// The value that `name` stands for.
  func resolve(_ name: String) -> String { aliases[name] ?? name }

  /// - Throws: `GraphError` where nothing has given the value yet.
  func fact(_ name: String, _ node: NodeReader) throws -> Fact {
    let name = resolve(name)
    if let known = statics[name] { return Fact(known.tensor.dtype, known.tensor.shape) }
    guard let fact = placed(name) else {
      throw node.fail(
        "reads '\(name)', which nothing before it gives", hint: "nodes must stand in running order")
    }
    return fact
  }

  /// The fact of a value that is in the graph already.
  func placed(_ name: String) -> Fact? { graph.names.find(name).flatMap { table[$0] } }

  func known(_ name: String) -> Static? { statics[resolve(name)] }

  /// An operand that must be known before the run: sizes, axes, limits.
  func integers(_ name: String, _ what: String, _ node: NodeReader) throws -> [Int]? {
    guard !name.isEmpty else { return nil }
    guard let tensor = known(name)?.tensor else {
      throw node.fail("its \(what) is computed while running", hint: "export with fixed input sizes")
    }
    switch tensor.dtype {
    case .int64: return tensor.elements(as: Int64.self).map { Int($0) }
    case .int32: return tensor.elements(as: Int32.self).map { Int($0) }
    default: throw node.fail("its \(what) is of type \(tensor.dtype.rawValue)")
    }
  }

  func floats(_ name: String, _ what: String, _ node: NodeReader) throws -> [Float]? {
    guard !name.isEmpty else { return nil }
    guard let tensor = known(name)?.tensor else {
      throw node.fail("its \(what) is computed while running", hint: "export with fixed values")
    }
    guard tensor.dtype == .float32 else { throw node.fail("its \(what) is of type \(tensor.dtype.rawValue)") }
    return tensor.elements(as: Float.self)
  }

  func float(_ name: String, _ what: String, _ node: NodeReader, _ standard: Float) throws -> Float {
    guard let values = try floats(name, what, node) else { return standard }
    guard values.count == 1 else { throw node.fail("its \(what) has \(values.count) elements") }
    return values[0]
  }

  // What rules give.

  func checkNew(_ name: String, _ node: NodeReader) throws {
    guard placed(name) == nil, statics[name] == nil, aliases[name] == nil else {
      throw node.fail("gives '\(name)', which exists already")
    }
  }

  mutating func addInput(_ name: String, _ fact: Fact) throws {
    try table.declare(graph.value(name), fact, as: "input", graph.names)
    graph.addInput(name, fact)
  }

  mutating func addInitializer(_ name: String, _ tensor: Tensor) throws {
    guard statics.updateValue(Static(tensor: tensor, isParameter: true), forKey: name) == nil,
      placed(name) == nil
    else {
      throw GraphError("initialiser '\(name)' is given twice")
    }
  }

  /// - Parameter isStored: the file itself holds the tensor.
  mutating func give(
    _ tensor: Tensor, _ name: String, _ node: NodeReader, isParameter: Bool = false, isStored: Bool = false
  ) throws {
    try checkNew(name, node)
    if !isStored { workedOut += tensor.shape.count }
    guard workedOut <= GraphLimits.knownElements else {
      throw node.fail("constants of the file work out to more than \(GraphLimits.knownElements) elements")
    }
    statics[name] = Static(tensor: tensor, isParameter: isParameter)
  }

  mutating func alias(_ name: String, to target: String, _ node: NodeReader) throws {
    _ = try fact(target, node)
    try checkNew(name, node)
    aliases[name] = resolve(target)
  }

  /// Adds a node of the graph. `part` tells apart several that stand for one node of the file.
  @discardableResult
  mutating func add(
    _ op: Operator, _ inputs: [String], output: String? = nil, part: String = "", _ reader: NodeReader
  ) throws -> String {
    var inputs = inputs.map(resolve)
    while inputs.count > op.inputCount.lowerBound, inputs.last == "" { inputs.removeLast() }
    for input in inputs where !input.isEmpty { try place(input, reader) }
    let stem = part.isEmpty ? reader.name : "\(reader.name).\(part)"
    var name = stem
    while !nodeNames.insert(name).inserted { name = numbered(stem) }
    let output = output ?? fresh(stem)
    try checkNew(output, reader)
    let node = Node(name, op, inputs: inputs.map { graph.value($0) }, outputs: [graph.value(output)])
    try table.add(node, graph.names)
    graph.nodes.append(node)
    return output
  }

  /// A constant of our own making.
  mutating func constant(_ tensor: Tensor, _ part: String, _ reader: NodeReader, isParameter: Bool = false)
    throws
    -> String
  {
    let name = fresh("\(reader.name).\(part)")
    try give(tensor, name, reader, isParameter: isParameter)
    return name
  }

  private mutating func fresh(_ wanted: String) -> String {
    var name = wanted
    while reserved.contains(name) || placed(name) != nil || statics[name] != nil { name = numbered(wanted) }
    return name
  }

  /// `name.2`, `name.3` and so on, never one twice.
  private mutating func numbered(_ name: String) -> String {
    let number = numbers[name, default: 1] + 1
    numbers[name] = number
    return "\(name).\(number)"
  }

  /// Enters a known tensor into the graph when a node first reads it.
  mutating func place(_ name: String, _ reader: NodeReader) throws {
    guard placed(name) == nil, let known = statics[name] else { return }
    let value = graph.value(name)
    try table.declare(value, Fact(known.tensor.dtype, known.tensor.shape), as: "constant", graph.names)
    graph.constants[value] = Constant(known.tensor, isParameter: known.isParameter)
  }
}
