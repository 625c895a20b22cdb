// SPDX-License-Identifier: Apache-2.0

import Buffers

extension Graph {
  /// The index of the node that gives each value.
  public func producers() -> [String: Int] {
    var result: [String: Int] = [:]
    for (index, node) in nodes.enumerated() {
      for output in node.outputs { result[output] = index }
    }
    return result
  }

  /// The indices of the nodes that read each value, once for each time it is read.
  public func consumers() -> [String: [Int]] {
    var result: [String: [Int]] = [:]
    for (index, node) in nodes.enumerated() {
      for input in node.inputs where !input.isEmpty { result[input, default: []].append(index) }
    }
    return result
  }

  /// The values that exactly one node reads and that are no outputs: free to be fused away.
  func privateValues() -> Set<String> {
    let kept = Set(outputs)
    return Set(consumers().filter { $0.value.count == 1 && !kept.contains($0.key) }.keys)
  }

  /// Every name in use, of values and of nodes.
  func names() -> Set<String> {
    var names = Set(constants.keys)
    names.formUnion(inputs.map(\.name))
    for node in nodes {
      names.insert(node.name)
      names.formUnion(node.outputs)
    }
    return names
  }

  /// Reads the replacement wherever a node reads a key of `replacements`, chains followed.
  mutating func replaceReads(_ replacements: [String: String]) {
    guard !replacements.isEmpty else { return }
    func final(_ name: String) -> String {
      var name = name
      while let next = replacements[name] { name = next }
      return name
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

  /// The constant of that name, where it is one of float32 numbers.
  func floats(_ name: String) -> [Float]? {
    guard let tensor = constants[name]?.tensor, tensor.dtype == .float32 else { return nil }
    return tensor.elements(as: Float.self)
  }
}

/// Makes names that a graph does not have yet.
struct FreshNames {
  private var taken: Set<String>
  private var numbers: [String: Int] = [:]

  init(_ graph: Graph) { taken = graph.names() }

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
}
