// SPDX-License-Identifier: Apache-2.0

import Buffers
import Foundation
public import GraphIR
import SwiftProtobuf

/// Reads ONNX files, opsets 7 to 28.
///
/// Whatever a file claims is checked before memory is asked for; a damaged or hostile file gives an error,
/// never a trap. Limits: `maximumBytes`, and `GraphLimits`.
public enum ONNXReader {
  public static let maximumBytes = 512 << 20
  public static let opsets = 7...28

  /// - Parameter size: rows and columns to take where the file leaves them open.
  /// - Throws: `ONNXError` for the file as a whole, `GraphError` naming the first node that cannot run.
  public static func read(_ path: String, size: Pair? = nil) throws -> Graph {
    try read(path, ImportOptions(size: size))
  }

  /// As `options` say.
  public static func read(_ path: String, _ options: ImportOptions) throws -> Graph {
    try named(path) {
      var file = try ModelDecoder(self.file(path), folder: folder(of: path), options)
      return try file.graph()
    }
  }

  /// The graph of a file in memory.
  public static func read(bytes: [UInt8], size: Pair? = nil) throws -> Graph {
    try read(bytes: bytes, ImportOptions(size: size))
  }

  /// The graph of a file in memory, as `options` say.
  public static func read(bytes: [UInt8], _ options: ImportOptions) throws -> Graph {
    var file = try ModelDecoder(Data(bytes), folder: nil, options)
    return try file.graph()
  }

  /// Goes through all nodes, also behind those that cannot run.
  ///
  /// - Throws: `ONNXError` where the file cannot be read at all.
  public static func check(_ path: String, _ options: ImportOptions = ImportOptions()) throws -> ONNXReport {
    try named(path) {
      var file = try ModelDecoder(self.file(path), folder: folder(of: path), options)
      return file.report()
    }
  }

  private static func folder(of path: String) -> String {
    URL(fileURLWithPath: path).deletingLastPathComponent().path
  }

  private static func file(_ path: String) throws -> Data {
    let data: Data
    do {
      data = try Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe)
    } catch {
      throw ONNXError("cannot be read: \(error.localizedDescription)")
    }
    return data
  }

  private static func named<Result>(_ path: String, _ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch var error as ONNXError {
      error.path = path
      throw error
    }
  }
}

/// What `ONNXReader.check` found.
public struct ONNXReport: Sendable {
  public var opset: Int
  /// How many nodes of each operator the file has.
  public var operators: [String: Int]
  /// Nodes that cannot run, in order.
  public var problems: [GraphError]

  public var canRun: Bool { problems.isEmpty }
}
