// SPDX-License-Identifier: Apache-2.0

/// What a graph may ask for. Whatever is larger is refused before anything of its size is touched.
public enum GraphLimits {
  public static let nodes = 20_000
  /// Inputs and constants together.
  public static let values = 100_000
  public static let rank = 8
  /// Elements of one value: 1 GiB as float32.
  public static let elements = 1 << 28
  /// Magnitude of one attribute or extent; products of two stay within `Int`.
  public static let attribute = Int(Int32.max)
  /// Inputs of one node.
  public static let inputs = 1024
  /// Multiply-adds of the whole graph.
  public static let macs = 1 << 48
  /// Inputs of all nodes together.
  public static let edges = 1 << 18
  /// Rows or columns that a map is resized to; kernel size, stride, dilation and pad of a window.
  public static let side = 1 << 16
  /// Elements of a constant that is worked out ahead of the run.
  public static let foldedElements = 1 << 22
  /// Elements of all such constants that reading a file may make.
  public static let knownElements = 1 << 25
  /// Elements and multiply-adds that one pass may spend on working constants out.
  public static let foldingWork = 1 << 26
  /// Bytes of packed weights and tables of a plan.
  public static let weightBytes = 1 << 31
}
