// SPDX-License-Identifier: Apache-2.0

public import Buffers
public import GraphIR

/// Which values of a float graph are to be stored as u8, and which of them share one scale and zero point.
///
/// The graph is as files carry it, channels first, with normalization folded (`Graph.foldedForQuantization`).
/// Values inside a warp or an attention stay real: they exist in files only.
public struct QuantizationScheme: Sendable {
  /// Values to store, in running order.
  public private(set) var values: [ValueID] = []
  /// A node that is to run on quantized numbers; limits behind it belong to it.
  public struct Operation: Sendable, Hashable {
    public var node: NodeID
    public var name: String
    /// The operator's ONNX name.
    public var op: String
  }

  /// In running order.
  public private(set) var operators: [Operation] = []
  /// Those of `values` that are stored indeed.
  public private(set) var stored: Set<ValueID> = []
  /// For sensitivity analysis: quantizes the weights of this node alone. `nil` quantizes those of every node with a
  /// quantized input.
  private(set) var single: NodeID?
  /// The operator that makes a value, limits behind it included.
  private var makers = ValueTable<NodeID>()
  /// Nodes that stay as they are: those inside warps and attention, and those that are to.
  private(set) var untouched: Set<NodeID>
  /// Values whose parameters follow from what they are, not from what was seen.
  public private(set) var fixed = ValueTable<Quantization>()
  /// For each value, the one whose parameters it takes.
  private var leaders = ValueTable<ValueID>()
  /// Concatenations whose inputs would best have the output's parameters.
  public private(set) var concatenations: [(inputs: [ValueID], output: ValueID)] = []

  /// - Parameter isReal: which nodes are to stay in floats; tells by their names.
  public init(graph: Graph, keepingReal isReal: (String) -> Bool = { _ in false }) throws {
    let fused = try FusedParts(graph)
    let real = Set(graph.nodes.indices.filter { isReal(graph.nodes[$0].name) })
    untouched = fused.inner.union(real)
    let producers = graph.producers()
    let consumers = graph.consumers()
    let facts = try graph.facts()
    let kept = Set(graph.outputs)

    /// The value behind the limits that alone read `value`.
    func behindLimits(_ value: ValueID) -> ValueID {
      guard !kept.contains(value), let readers = consumers[value], readers.count == 1 else { return value }
      switch graph.nodes[readers[0]].op {
      case .relu, .clip: return behindLimits(graph.nodes[readers[0]].outputs[0])
      default: return value
      }
    }
    func isMap(_ value: ValueID) -> Bool {
      facts.find(value)?.shape.rank == 4 && facts.find(value)?.dtype == .float32
        && graph.constants[value] == nil
    }
    /// The node that makes `value`: not the limits behind it, unless they stay real.
    func maker(_ value: ValueID) -> NodeID? {
      guard let producer = producers[value], !real.contains(producer) else { return producers[value] }
      switch graph.nodes[producer].op {
      case .relu, .clip: return maker(graph.nodes[producer].inputs[0])
      default: return producer
      }
    }
    func isMadeReal(_ value: ValueID) -> Bool { maker(value).map(real.contains) ?? false }
    var known: Set<ValueID> = []
    func add(_ value: ValueID) {
      guard isMap(value), known.insert(value).inserted else { return }
      values.append(value)
      makers[value] = maker(value)
    }

    for (index, node) in graph.nodes.enumerated() where !fused.inner.contains(index) && !real.contains(index)
    {
      let output = behindLimits(node.outputs[0])
      if let parts = fused.attention[index] {
        for value in parts + node.outputs { add(value) }
        lead(node.outputs[0], by: parts[2])
        operators.append(Operation(node: index, name: node.name, op: node.op.name))
        continue
      }
      switch node.op {
      case .conv, .add, .sub, .mul, .averagePool, .globalAveragePool, .concat:
        guard isMap(node.outputs[0]) else { continue }
        for input in node.inputs where producers[input] == nil || isMadeReal(input) { add(input) }
        add(output)
        if case .concat(let axis) = node.op, axis == 1 || axis == -3, output == node.outputs[0] {
          concatenations.append((node.inputs, output))
        }
      case .resize, .maxPool:
        guard isMap(node.outputs[0]), output == node.outputs[0] else { continue }
        add(node.inputs[0])
        add(output)
        lead(output, by: node.inputs[0])
      case .softmax(let axis):
        guard isMap(node.outputs[0]), axis == 1 || axis == -3 else { continue }
        add(node.inputs[0])
        add(output)
        fixed[output] = Quantization(scale: 1 / 256, zeroPoint: 0)
      case .sigmoid, .hardSigmoid:
        add(node.inputs[0])
        add(output)
        fixed[output] = Quantization(scale: 1 / 256, zeroPoint: 0)
      case .hardSwish:
        add(node.inputs[0])
        add(output)
      case .relu, .clip:
        // Limits on a value that others read without them.
        if known.contains(node.inputs[0]) { add(behindLimits(node.outputs[0])) }
        continue
      case .gridSample where fused.sources[index] != nil:
        add(node.inputs[0])
        add(node.outputs[0])
        lead(node.outputs[0], by: node.inputs[0])
      default: continue
      }
      operators.append(Operation(node: index, name: node.name, op: node.op.name))
    }
    for (index, offsets) in fused.offsets where !real.contains(index) {
      add(offsets)
      fixed[offsets] = Quantization(scale: 1 / 16, zeroPoint: 128)
    }
    for (index, scores) in fused.scores where !real.contains(index) { add(scores) }
    stored = Set(values)
  }

  /// This scheme with some operators left in floats: what they make is not stored, so that what reads it runs in
  /// floats too.
  func without(_ names: Set<String>) -> QuantizationScheme {
    let nodes = Set(operators.filter { names.contains($0.name) }.map(\.node))
    var fewer = self
    fewer.untouched.formUnion(nodes)
    fewer.stored = stored.filter { value in !(makers[value].map(nodes.contains) ?? false) }
    return fewer
  }

  /// This scheme with nothing stored but what one operator makes, and its weights.
  func alone(_ node: NodeID) -> QuantizationScheme {
    var one = self
    one.single = node
    one.stored = stored.filter { makers[$0] == node }
    return one
  }

  private mutating func lead(_ value: ValueID, by leader: ValueID) { leaders[value] = leader }

  /// The value whose parameters `value` takes; often itself.
  public func leader(_ value: ValueID) -> ValueID {
    var value = value
    while let next = leaders[value] { value = next }
    return value
  }

  /// Gives all inputs of a concatenation the parameters of its output.
  mutating func tie(_ inputs: [ValueID], to output: ValueID) {
    for input in inputs {
      let (from, to) = (leader(input), leader(output))
      if from != to, fixed[from] == nil { leaders[from] = to }
    }
  }
}

extension Graph {
  /// This graph with constants and normalization folded, still as files carry it.
  public func foldedForQuantization() throws -> Graph {
    var graph = self
    try graph.apply([.foldConstants, .foldBatchNorm, .removeDead])
    return graph
  }
}

/// The nodes of a graph that the standard passes turn into warps and attention.
private struct FusedParts {
  /// Nodes that become part of another one.
  var inner: Set<NodeID> = []
  /// The source of each GridSample that becomes a warp.
  var sources: [NodeID: ValueID] = [:]
  /// The offsets that each such GridSample reads.
  var offsets: [(node: NodeID, value: ValueID)] = []
  /// What the softmax of its mask reads.
  var scores: [(node: NodeID, value: ValueID)] = []
  /// Query, key and value of each node that becomes an attention.
  var attention: [NodeID: [ValueID]] = [:]

  init(_ graph: Graph) throws {
    var recognized = graph
    try recognized.apply([.recognizeWarps, .recognizeLocalAttention, .recognizeGlobalAttention, .removeDead])
    // Passes leave to a node what it gives.
    let (before, producers) = (graph.producers(), recognized.producers())
    for (index, node) in graph.nodes.enumerated() where producers[node.outputs[0]] == nil {
      inner.insert(index)
    }
    for node in recognized.nodes {
      guard let index = before[node.outputs[0]] else { continue }
      switch node.op {
      case .localAttention, .globalAttention: attention[index] = Array(node.inputs.prefix(3))
      default: break
      }
      guard case .warp = node.op else { continue }
      sources[index] = node.inputs[0]
      offsets.append((index, node.inputs[1]))
      if node.inputs.count > 2, let softmax = producers[node.inputs[2]] {
        scores.append((index, recognized.nodes[softmax].inputs[0]))
        if let mask = before[node.inputs[2]] { inner.insert(mask) }
      }
    }
  }
}
