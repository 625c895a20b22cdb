// SPDX-License-Identifier: Apache-2.0

import Buffers

extension Pass {
  public static let channelsLast = Pass(
    name: "channelsLast", summary: "turn every value of rank 4 to channels-last order, inputs and outputs too"
  ) { graph in
    guard graph.layout == .channelsFirst else { return 0 }
    var rewriter = LayoutRewriter(graph, try graph.facts())
    graph = try rewriter.run()
    return graph.nodes.count
  }
}

/// Writes a graph anew in channels-last order.
///
/// A value of the old graph may stand in the new one in several orders, its forms; a Transpose of the old
/// graph is only another form of what it reads. A form that nobody made yet is made by one Transpose when
/// first asked for, so that neighbouring ones merge and opposite ones vanish.
struct LayoutRewriter {
  /// One order of a value: axis `i` of `name` is the value's axis `order[i]`.
  struct Form {
    var name: String
    var order: [Int]
  }

  static let last = [0, 2, 3, 1]

  let old: Graph
  let facts: [String: Fact]
  var new: Graph
  private var forms: [String: [Form]] = [:]
  private var names: FreshNames
  /// By its output, the conversion of a constant with one scale.
  private let knownConversions: [String: Node]

  init(_ old: Graph, _ facts: [String: Fact]) {
    self.old = old
    self.facts = facts
    var conversions: [String: Node] = [:]
    for node in old.nodes {
      if case .dequantizeLinear = node.op, old.constants[node.inputs[0]] != nil,
        old.constants[node.inputs[1]]?.tensor.shape.count == 1
      {
        conversions[node.outputs[0]] = node
      }
    }
    knownConversions = conversions
    names = FreshNames(old)
    new = Graph(name: old.name, layout: .channelsLast)
    new.metadata = old.metadata
    new.outputs = old.outputs
  }

  mutating func run() throws -> Graph {
    for input in old.inputs {
      let order = Self.order(input.fact.shape.rank)
      let shape = Shape(order.map { input.fact.shape[$0] })
      new.inputs.append(GraphInput(input.name, Fact(input.fact.dtype, shape)))
      forms[input.name] = [Form(name: input.name, order: order)]
    }
    for node in old.nodes { try rewrite(node) }
    for output in old.outputs { carry(output) }
    return new
  }

  /// The order that values of `rank` have in the new graph.
  static func order(_ rank: Int) -> [Int] { rank == 4 ? last : Array(0..<rank) }

  func shape(_ value: String) -> Shape { facts[value]!.shape }

  /// Whether `value` is a constant, or one behind its conversion.
  func isKnown(_ value: String) -> Bool { old.constants[value] != nil || knownConversions[value] != nil }

  func hasOneScale(_ conversion: Node) -> Bool {
    old.constants[conversion.inputs[1]]?.tensor.shape.count == 1
  }

  // Forms.

  /// The name under which `value` stands in `order`, made if need be.
  mutating func read(_ value: String, _ order: [Int]) -> String {
    if value.isEmpty { return "" }
    let known = forms[value] ?? []
    if let form = known.first(where: { $0.order == order }) { return form.name }
    let isUsual = order == Self.order(order.count)
    let name: String
    if let constant = old.constants[value] {
      // In its usual order a constant keeps its name.
      name = isUsual ? value : names.make("\(value).turned")
      var turned = constant
      turned.tensor = constant.tensor.transposed(order)
      new.constants[name] = turned
    } else if let conversion = knownConversions[value] {
      // Constants are turned as they are stored.
      name = names.make("\(value).turned")
      let inputs = [read(conversion.inputs[0], order)] + conversion.inputs.dropFirst().map { read($0) }
      new.nodes.append(Node(name, conversion.op, inputs: inputs, outputs: [name]))
    } else {
      let source = known[0]
      name = names.make("\(value).\(isUsual ? "usual" : "turned")")
      let permutation = order.map { source.order.firstIndex(of: $0)! }
      new.nodes.append(
        Node(name, .transpose(permutation: permutation), inputs: [source.name], outputs: [name]))
    }
    forms[value, default: []].append(Form(name: name, order: order))
    return name
  }

  /// The name of `value` in the order that its rank has in the new graph.
  mutating func read(_ value: String) -> String {
    value.isEmpty ? "" : read(value, Self.order(shape(value).rank))
  }

  /// The name of `value` as the old graph has it.
  mutating func readPlain(_ value: String) -> String {
    value.isEmpty ? "" : read(value, Array(0..<shape(value).rank))
  }

  /// A form of `value` that exists, in `order` if there is one in that order.
  func existing(_ value: String, preferring order: [Int]) -> Form? {
    guard let known = forms[value] else { return nil }
    return known.first { $0.order == order } ?? known.first
  }

  /// Adds `node`'s successor, whose output is `node`'s in `order`.
  mutating func emit(_ node: Node, _ op: Operator, _ inputs: [String], order: [Int]? = nil) {
    let output = node.outputs[0]
    let usual = Self.order(shape(output).rank)
    let order = order ?? usual
    let name = order == usual ? output : names.make("\(output).turned")
    new.nodes.append(Node(node.name, op, inputs: inputs, outputs: [name]))
    forms[output, default: []].append(Form(name: name, order: order))
  }

  /// Lets `output` be its input in another order, without a node.
  mutating func view(_ output: String, of input: String, permutation: [Int]) {
    if forms[input] == nil { _ = readPlain(input) }
    forms[output] = forms[input]!.map { form in
      Form(name: form.name, order: form.order.map { permutation.firstIndex(of: $0)! })
    }
  }

  /// A helper node of our own, for what no old node did.
  mutating func insert(_ op: Operator, _ inputs: [String], like wanted: String) -> String {
    let name = names.make(wanted)
    new.nodes.append(Node(name, op, inputs: inputs, outputs: [name]))
    return name
  }

  mutating func insert(_ tensor: Tensor, isParameter: Bool, like wanted: String) -> String {
    let name = names.make(wanted)
    new.constants[name] = Constant(tensor, isParameter: isParameter)
    return name
  }

  /// Makes sure that an output of the graph carries its own name.
  private mutating func carry(_ output: String) {
    let name = read(output)
    guard name != output else { return }
    let rank = shape(output).rank
    let keep = Operator.reshape(Reshape(Array(repeating: 0, count: rank)))
    new.nodes.append(Node(names.make("\(output).named"), keep, inputs: [name], outputs: [output]))
  }
}
