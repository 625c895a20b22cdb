// SPDX-License-Identifier: Apache-2.0

extension Plan {
  /// Multiply-adds of a run.
  public var macs: Int { steps.reduce(0) { $0 + $1.macs } }

  /// A line for each step: name, operator, kernel, reason, multiply-adds, bytes moved.
  public func describe() -> String {
    let rows =
      [["node", "op", "kernel", "why", "MMAC", "kB"]]
      + steps.map { step in
        [
          step.name, step.op, "\(step.kernel)", step.reason, Plan.millions(step.macs),
          "\((step.movedBytes + 999) / 1000)",
        ]
      }
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max()! }
    func line(_ row: [String]) -> String {
      row.indices.map { column in
        let space = String(repeating: " ", count: widths[column] - row[column].count)
        return column < 4 ? row[column] + space : space + row[column]
      }.joined(separator: "  ")
    }
    let total =
      "\(steps.count) steps, \(Plan.millions(macs)) MMAC, weights \(weightBytes / 1000) kB, "
      + "arena \(arenaBytes / 1000) kB, level \(options.level.rawValue)"
    return (rows.map(line) + [total]).joined(separator: "\n")
  }

  /// With one decimal.
  private static func millions(_ count: Int) -> String {
    let tenths = (count + 50_000) / 100_000
    return "\(tenths / 10).\(tenths % 10)"
  }
}
