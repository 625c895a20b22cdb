// SPDX-License-Identifier: Apache-2.0

import Buffers
import GraphIR

extension Importer {
  /// Whether something gives `name` already.
  func gives(_ name: String) -> Bool {
    placed(name) != nil || statics[name] != nil || aliases[name] != nil
  }

  /// Judges a node whose inputs are not known: only whether there is a rule for its operator.
  func judge(_ proto: ONNXNodeProto, index: Int) throws {
    let node = try NodeReader(proto, index: index)
    guard Importer.rules[node.op] == nil else { return }
    throw node.fail("the operator is not supported", hint: Importer.hints[node.op])
  }

  /// Names the outputs, which may be other values under a second name, and checks the whole.
  mutating func finish(outputs: [String]) throws {
    guard Set(outputs).count == outputs.count else { throw GraphError("an output is named twice") }
    for output in outputs where aliases[output] != nil || statics[output] != nil {
      // A node that changes nothing carries the name.
      let source = resolve(output)
      let rank = statics[source]?.tensor.shape.rank ?? placed(source)?.shape.rank ?? 0
      var proto = ONNXNodeProto()
      proto.name = output
      proto.opType = "Identity"
      let reader = try NodeReader(proto, index: 0)
      if statics[output] != nil {
        try place(output, reader)
        continue
      }
      aliases[output] = nil
      let keep = Operator.reshape(Reshape(Array(repeating: 0, count: rank)))
      try add(keep, [source], output: output, reader)
    }
    graph.outputs = outputs.map { graph.value($0) }
    _ = try graph.facts()
  }
}
