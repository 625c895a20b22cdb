// SPDX-License-Identifier: Apache-2.0

/// What is wrong with a pipeline file, and where. Values are quoted as written, never as expanded.
public struct ConfigError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The path as given, or `--set`.
  public var file: String
  /// From 1; 0 where the file as a whole is meant.
  public var line: Int
  public var column: Int
  public var problem: String
  public var hint: String

  public init(file: String, line: Int = 0, column: Int = 0, problem: String, hint: String) {
    self.file = file
    self.line = line
    self.column = column
    self.problem = problem
    self.hint = hint
  }

  /// `pipelines/front.yaml:14:3: unknown key 'postprocess' under 'stages'`.
  public var description: String {
    line > 0 ? "\(file):\(line):\(column): \(problem)" : "\(file): \(problem)"
  }
}

/// Finds what somebody may have meant.
enum Nearest {
  /// The word of `words` that `word` is a slip of; `nil` if none is near.
  static func match(_ word: String, among words: [String]) -> String? {
    // Nobody slips in so long a word, and the distance takes the product of both lengths.
    guard word.utf8.count <= 64 else { return nil }
    let best = words.map { (distance(word, $0), $0) }.min { $0.0 < $1.0 }
    guard let best, best.0 <= max(1, min(word.count, best.1.count) / 2) else { return nil }
    return best.1
  }

  /// Letters to insert, remove, replace, or swap with a neighbour.
  static func distance(_ a: String, _ b: String) -> Int {
    let a = Array(a), b = Array(b)
    var rows = [Array(0...b.count)]
    for i in 0..<a.count {
      var row = [i + 1]
      for j in 0..<b.count {
        var best = min(rows[i][j] + (a[i] == b[j] ? 0 : 1), rows[i][j + 1] + 1, row[j] + 1)
        if i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j] { best = min(best, rows[i - 1][j - 1] + 1) }
        row.append(best)
      }
      rows.append(row)
    }
    return rows[a.count][b.count]
  }
}
