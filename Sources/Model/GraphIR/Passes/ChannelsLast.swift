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
  /// One order of a value: axis `i` of `value` is its axis `order[i]`.
  struct Form {
    /// In the new graph.
    var value: ValueID
    var order: [Int]
  }

  static let last = [0, 2, 3, 1]

  let old: Graph
  let facts: Facts
  var new: Graph
  private var forms = ValueTable<[Form]>()
  private var names: FreshNames
  /// By its output, the conversion of a constant with one scale.
  private let constantConversions: ValueTable<Node>

  init(_ old: Graph, _ facts: Facts) {
    self.old = old
    self.facts = facts
    var conversions = ValueTable<Node>()
    for node in old.nodes {
      if case .dequantizeLinear = node.op, old.constants[node.inputs[0]] != nil,
        old.constants[node.inputs[1]]?.tensor.shape.count == 1
      {
        conversions[node.outputs[0]] = node
      }
    }
    constantConversions = conversions
    names = FreshNames(old)
    new = Graph(name: old.name, layout: .channelsLast)
    new.metadata = old.metadata
    new.names = old.names
    new.outputs = old.outputs
  }

  mutating func run() throws -> Graph {
    for input in old.inputs {
      let order = Self.order(input.fact.shape.rank)
      let shape = Shape(order.map { input.fact.shape[$0] })
      new.inputs.append(GraphInput(input.value, Fact(input.fact.dtype, shape)))
      forms[input.value] = [Form(value: input.value, order: order)]
    }
    for node in old.nodes { try rewrite(node) }
    for output in old.outputs { carry(output) }
    return new
  }

  /// The order that values of `rank` have in the new graph.
  static func order(_ rank: Int) -> [Int] { rank == 4 ? last : Array(0..<rank) }

  func shape(_ value: ValueID) -> Shape { facts[value].shape }

  /// Whether `value` is a constant, or one behind its conversion.
  func isConstant(_ value: ValueID) -> Bool {
    old.constants[value] != nil || constantConversions[value] != nil
  }

  func hasOneScale(_ conversion: Node) -> Bool {
    old.constants[conversion.inputs[1]]?.tensor.shape.count == 1
  }

  // Forms.

  /// `value` in `order`, made if need be.
  mutating func read(_ value: ValueID, _ order: [Int]) -> ValueID {
    if value.isOmitted { return value }
    let made = forms[value] ?? []
    if let form = made.first(where: { $0.order == order }) { return form.value }
    let isUsual = order == Self.order(order.count)
    let form: ValueID
    if let constant = old.constants[value] {
      // In its usual order a constant stays the same value.
      form = isUsual ? value : fresh(value, "turned")
      var turned = constant
      turned.tensor = constant.tensor.transposed(order)
      new.constants[form] = turned
    } else if let conversion = constantConversions[value] {
      // Quantized constants are turned.
      form = fresh(value, "turned")
      let inputs = [read(conversion.inputs[0], order)] + conversion.inputs.dropFirst().map { read($0) }
      new.nodes.append(Node(new.names[form], conversion.op, inputs: inputs, outputs: [form]))
    } else {
      let source = made[0]
      form = fresh(value, isUsual ? "usual" : "turned")
      let permutation = order.map { source.order.firstIndex(of: $0)! }
      new.nodes.append(
        Node(
          new.names[form], .transpose(permutation: permutation), inputs: [source.value], outputs: [form]))
    }
    forms[value, default: []].append(Form(value: form, order: order))
    return form
  }

  private mutating func fresh(_ value: ValueID, _ ending: String) -> ValueID {
    names.value("\(old.names[value]).\(ending)", in: &new)
  }

  /// `value` in the order that its rank has in the new graph.
  mutating func read(_ value: ValueID) -> ValueID {
    value.isOmitted ? value : read(value, Self.order(shape(value).rank))
  }

  /// `value` in the order that it has in the old graph.
  mutating func readPlain(_ value: ValueID) -> ValueID {
    value.isOmitted ? value : read(value, Array(0..<shape(value).rank))
  }

  /// A form of `value` that exists, in `order` if there is one in that order.
  func existing(_ value: ValueID, preferring order: [Int]) -> Form? {
    guard let made = forms[value] else { return nil }
    return made.first { $0.order == order } ?? made.first
  }

  /// Adds `node`'s successor, whose output is `node`'s in `order`.
  mutating func emit(_ node: Node, _ op: Operator, _ inputs: [ValueID], order: [Int]? = nil) {
    let output = node.outputs[0]
    let usual = Self.order(shape(output).rank)
    let order = order ?? usual
    let form = order == usual ? output : fresh(output, "turned")
    new.nodes.append(Node(node.name, op, inputs: inputs, outputs: [form]))
    forms[output, default: []].append(Form(value: form, order: order))
  }

  /// Lets `output` be its input in another order, without a node.
  mutating func view(_ output: ValueID, of input: ValueID, permutation: [Int]) {
    if forms[input] == nil { _ = readPlain(input) }
    forms[output] = forms[input, default: []].map { form in
      Form(value: form.value, order: form.order.map { permutation.firstIndex(of: $0)! })
    }
  }

  /// A helper node of our own, for what no old node did.
  mutating func insert(_ op: Operator, _ inputs: [ValueID], like wanted: String) -> ValueID {
    let value = names.value(wanted, in: &new)
    new.nodes.append(Node(new.names[value], op, inputs: inputs, outputs: [value]))
    return value
  }

  mutating func insert(_ tensor: Tensor, isParameter: Bool, like wanted: String) -> ValueID {
    let value = names.value(wanted, in: &new)
    new.constants[value] = Constant(tensor, isParameter: isParameter)
    return value
  }

  /// Makes sure that an output of the graph is given.
  private mutating func carry(_ output: ValueID) {
    let form = read(output)
    guard form != output else { return }
    let rank = shape(output).rank
    let keep = Operator.reshape(Reshape(Array(repeating: 0, count: rank)))
    new.nodes.append(Node(names.make("\(old.names[output]).named"), keep, inputs: [form], outputs: [output]))
  }
}
