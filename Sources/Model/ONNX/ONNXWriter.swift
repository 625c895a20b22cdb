// SPDX-License-Identifier: Apache-2.0

import Buffers
import Foundation
public import GraphIR
import SwiftProtobuf

/// Writes graphs as ONNX files: IR version 8, opset 17, equal graphs as equal bytes.
public enum ONNXWriter {
  static let irVersion: Int64 = 8
  static let opset: Int64 = 17

  /// Writes `graph` beside `path` and renames, so that no reader ever sees half a file.
  ///
  /// - Throws: `GraphError` where the graph is unsound or holds what ONNX does not have, `ONNXError` where
  ///   the file cannot be written.
  public static func write(_ graph: Graph, to path: String) throws {
    let bytes = try bytes(of: graph)
    do {
      try Data(bytes).write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
      throw ONNXError(
        path: path, "cannot be written: \(error.localizedDescription)", hint: "is the folder there?")
    }
  }

  /// The bytes of the file.
  public static func bytes(of graph: Graph) throws -> [UInt8] {
    guard graph.layout == .channelsFirst else {
      throw GraphError(
        "the graph is in channels-last order", hint: "files carry graphs as they are before passes")
    }
    var model = ONNXModelProto()
    model.irVersion = irVersion
    model.producerName = "roadmask"
    var encoder = try GraphEncoder(graph)
    model.graph = try encoder.encode()
    var version = ONNXOperatorSetIdProto()
    version.domain = ""
    version.version = opset
    model.opsetImport = [version]
    model.metadataProps = graph.metadata.sorted { $0.key < $1.key }.map { key, value in
      var entry = ONNXStringStringEntryProto()
      entry.key = key
      entry.value = value
      return entry
    }
    return try model.serializedBytes()
  }
}
