// SPDX-License-Identifier: Apache-2.0

/// One rewriting step. It leaves alone what it does not recognize, and applying it twice is applying it once.
public struct Pass: Sendable {
  public var name: String
  /// What it does, in a few words.
  public var summary: String
  /// - Returns: how many places it changed.
  public var apply: @Sendable (inout Graph) throws -> Int

  public init(name: String, summary: String, apply: @escaping @Sendable (inout Graph) throws -> Int) {
    self.name = name
    self.summary = summary
    self.apply = apply
  }
}

extension Pass {
  /// A pass that puts another node in the place of the last one of a pattern; `removeDead` takes the rest away.
  ///
  /// - Parameter find: from a graph, channels first, and its facts: the node for the place of the one at an index.
  static func recognizing(
    _ name: String, summary: String,
    find: @escaping @Sendable (Graph, Facts) -> (Int) -> Node?
  ) -> Pass {
    Pass(name: name, summary: summary) { graph in
      guard graph.layout == .channelsFirst else { return 0 }
      let found = find(graph, try graph.facts())
      var changes = 0
      for index in graph.nodes.indices {
        guard let node = found(index) else { continue }
        graph.nodes[index] = node
        changes += 1
      }
      return changes
    }
  }
}

extension Graph {
  /// Applies `passes` in order and checks the result.
  ///
  /// - Returns: how many places each pass changed.
  @discardableResult
  public mutating func apply(_ passes: [Pass]) throws -> [(pass: String, changes: Int)] {
    _ = try facts()
    var report: [(pass: String, changes: Int)] = []
    for pass in passes {
      report.append((pass.name, try pass.apply(&self)))
    }
    _ = try facts()
    return report
  }

  /// This graph after the passes of `[Pass].simplify`.
  public func optimized() throws -> Graph {
    var graph = self
    try graph.apply(.simplify)
    return graph
  }
}
