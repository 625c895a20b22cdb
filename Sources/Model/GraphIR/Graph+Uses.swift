// SPDX-License-Identifier: Apache-2.0

import Buffers

extension Graph {
  /// The index of the node that gives each value.
  public func producers() -> ValueTable<NodeID> {
    var result = ValueTable<NodeID>()
    for (index, node) in nodes.enumerated() {
      for output in node.outputs { result[output] = index }
    }
    return result
  }

  /// The indices of the nodes that read each value, once for each time it is read.
  public func consumers() -> ValueTable<[NodeID]> {
    var result = ValueTable<[NodeID]>()
    for (index, node) in nodes.enumerated() {
      for input in node.inputs where !input.isOmitted { result[input, default: []].append(index) }
    }
    return result
  }

  /// The values that exactly one node reads and that are no outputs: free to be fused away.
  func privateValues() -> Set<ValueID> {
    let kept = Set(outputs)
    return Set(consumers().filter { !kept.contains($0) && $1.count == 1 }.values)
  }

  /// Every name in use, of values and of nodes.
  func namesInUse() -> Set<String> {
    var taken = Set(constants.values.map { names[$0] })
    taken.formUnion(inputs.map { names[$0.value] })
    for node in nodes {
      taken.insert(node.name)
      taken.formUnion(node.outputs.map { names[$0] })
    }
    return taken
  }

  /// Reads the replacement wherever a node reads a value that has one, chains followed.
  mutating func replaceReads(_ replacements: ValueTable<ValueID>) {
    guard replacements.count > 0 else { return }
    func final(_ value: ValueID) -> ValueID {
      var value = value
      while let next = replacements[value] { value = next }
      return value
    }
    for index in nodes.indices {
      for position in nodes[index].inputs.indices where replacements[nodes[index].inputs[position]] != nil {
        nodes[index].inputs[position] = final(nodes[index].inputs[position])
      }
    }
  }

  mutating func removeNodes(_ indices: Set<Int>) {
    guard !indices.isEmpty else { return }
    nodes = nodes.indices.filter { !indices.contains($0) }.map { nodes[$0] }
  }

  /// The elements of a constant of float32 numbers; `nil` for every other value.
  public func floats(_ value: ValueID) -> [Float]? {
    guard let tensor = constants[value]?.tensor, tensor.dtype == .float32 else { return nil }
    return tensor.elements(as: Float.self)
  }
}

/// Makes names that a graph does not have yet.
struct FreshNames {
  private var taken: Set<String>
  private var numbers: [String: Int] = [:]

  init(_ graph: Graph) { taken = graph.namesInUse() }

  /// `wanted`, or `wanted` with the lowest number behind it that makes it new.
  mutating func make(_ wanted: String) -> String {
    var name = wanted
    while !taken.insert(name).inserted {
      let number = numbers[wanted, default: 1] + 1
      numbers[wanted] = number
      name = "\(wanted).\(number)"
    }
    return name
  }

  /// A value that `graph` does not have yet, called like `make` would call it.
  mutating func value(_ wanted: String, in graph: inout Graph) -> ValueID { graph.value(make(wanted)) }
}
