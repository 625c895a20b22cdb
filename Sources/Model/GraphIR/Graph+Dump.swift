// SPDX-License-Identifier: Apache-2.0

import Buffers

/// What a dump tells about one node.
struct DumpRow {
  var node: Node
  var output: Fact
  /// Numbers in the constants that the node reads.
  var numbers: Int
  var macs: Int
}

extension Graph {
  func rows() throws -> [DumpRow] {
    let facts = try facts()
    let macs = macs(facts)
    return zip(nodes, macs).map { node, macs in
      let numbers = Set(node.inputs).reduce(0) { $0 + (constants[$1]?.tensor.shape.count ?? 0) }
      return DumpRow(node: node, output: facts[node.outputs[0]], numbers: numbers, macs: macs)
    }
  }

  /// One line for each node: name, operator with attributes, output, numbers read, multiply-adds.
  public func text() throws -> String {
    var table = [["node", "operator", "inputs", "output", "numbers", "MACs"]]
    for row in try rows() {
      table.append([
        row.node.name, row.node.op.text,
        row.node.inputs.filter { constants[$0] == nil }.map { names[$0] }.joined(separator: " "),
        row.output.description, row.numbers > 0 ? "\(row.numbers)" : "", row.macs > 0 ? "\(row.macs)" : "",
      ])
    }
    let widths = table[0].indices.map { column in table.map { $0[column].count }.max() ?? 0 }
    return table.map { cells in
      var line = ""
      for (column, cell) in cells.enumerated() {
        let padding = String(repeating: " ", count: widths[column] - cell.count)
        line += column < 4 ? cell + padding + "  " : padding + cell + "  "
      }
      while line.last == " " { line.removeLast() }
      return line + "\n"
    }.joined()
  }

  /// The graph for Graphviz: one box for each node, edges with shapes.
  public func dot() throws -> String {
    let facts = try facts()
    let producers = producers()
    var lines = ["digraph \(name.quoted) {", "  node [shape=box, fontname=\"sans-serif\"];"]
    for input in inputs { lines.append("  \(names[input.value].quoted) [shape=oval];") }
    for row in try rows() {
      lines.append("  \(row.node.name.quoted) [label=\("\(row.node.name)\n\(row.node.op.text)".quoted)];")
      for input in row.node.inputs where !input.isOmitted && constants[input] == nil {
        let source = producers[input].map { nodes[$0].name } ?? names[input]
        lines.append(
          "  \(source.quoted) -> \(row.node.name.quoted) [label=\(facts[input].shape.description.quoted)];")
      }
    }
    for output in outputs {
      let name = names[output]
      lines.append("  \("output \(name)".quoted) [label=\(name.quoted), shape=oval];")
      let source = producers[output].map { nodes[$0].name } ?? name
      lines.append(
        "  \(source.quoted) -> \("output \(name)".quoted) [label=\(facts[output].shape.description.quoted)];"
      )
    }
    return lines.joined(separator: "\n") + "\n}\n"
  }

  /// The graph as JSON: metadata, inputs, outputs, nodes. Equal graphs give equal text.
  public func json() throws -> String {
    let facts = try facts()
    func value(_ value: ValueID) -> String {
      let fact = facts[value]
      return
        "{\"name\": \(names[value].quoted), \"type\": \(fact.dtype.rawValue.quoted), \"shape\": \(fact.shape.extents)}"
    }
    func list(_ values: [ValueID]) -> String {
      "[" + values.map { names[$0].quoted }.joined(separator: ", ") + "]"
    }
    let rows = try rows().map { row in
      "{\"name\": \(row.node.name.quoted), \"operator\": \(row.node.op.name.quoted), "
        + "\"attributes\": \(row.node.op.attributes.quoted), \"inputs\": \(list(row.node.inputs)), "
        + "\"output\": \(value(row.node.outputs[0])), \"numbers\": \(row.numbers), \"macs\": \(row.macs)}"
    }
    let texts = metadata.sorted { $0.key < $1.key }.map { "\($0.key.quoted): \($0.value.quoted)" }
    return """
      {
        "name": \(name.quoted),
        "layout": \(layout.rawValue.quoted),
        "metadata": {\(texts.joined(separator: ", "))},
        "inputs": [\(inputs.map { value($0.value) }.joined(separator: ", "))],
        "outputs": [\(outputs.map(value).joined(separator: ", "))],
        "nodes": [
          \(rows.joined(separator: ",\n    "))
        ]
      }

      """
  }
}

extension String {
  /// In double quotes, with what JSON and DOT need escaped.
  var quoted: String {
    var result = "\""
    for scalar in unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
