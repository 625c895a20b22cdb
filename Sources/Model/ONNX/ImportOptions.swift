// SPDX-License-Identifier: Apache-2.0

public import GraphIR

/// What a reader may settle that a file leaves open.
public struct ImportOptions: Sendable {
  /// Rows and columns where the file leaves them open.
  public var size: Pair?
  /// The graph takes one picture, `[1, 3, rows, columns]` float32, and gives one map of scores,
  /// `[1, classes, rows, columns]`, or the labels made of it, whatever form the file itself has at its ends.
  public var asPicture: Bool
  /// The output to keep, as a picture network; `nil` for the one that looks like labels or scores.
  public var output: String?

  public init(size: Pair? = nil, asPicture: Bool = false, output: String? = nil) {
    self.size = size
    self.asPicture = asPicture
    self.output = output
  }

  /// As a picture network.
  public static func picture(size: Pair? = nil, output: String? = nil) -> ImportOptions {
    ImportOptions(size: size, asPicture: true, output: output)
  }

  /// Rows and columns of a picture network that leaves them open, until something settles them.
  public static let openSize = Pair(rows: 256, columns: 512)
}

extension Graph {
  /// Metadata of a graph that was read as a picture network: rows and columns were open.
  public static let openSizeKey = "roadmask.open"
  /// What a reader took for granted about the ends, sentences separated by "; ".
  public static let assumedKey = "roadmask.assumed"
}
