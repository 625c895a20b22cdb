// SPDX-License-Identifier: Apache-2.0

public import Buffers
import Foundation

/// Named tensors in a file: eight bytes of length, a JSON header, then the numbers.
///
/// The format is that of the safetensors library. Whatever the header claims is checked against the bytes
/// that are there before memory is asked for.
public struct Safetensors: Sendable, Equatable {
  /// float32 in memory, also where the file holds half precision.
  public var tensors: [String: Tensor]
  public var metadata: [String: String]

  public static let maximumBytes = 1 << 30
  static let maximumHeaderBytes = 8 << 20

  public init(_ tensors: [String: Tensor], metadata: [String: String] = [:]) {
    self.tensors = tensors
    self.metadata = metadata
  }

  /// - Throws: `NetworkError` naming the file and what is wrong with it.
  public static func read(_ path: String) throws -> Safetensors {
    let data: Data
    do {
      data = try Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe)
    } catch {
      throw NetworkError("'\(path)' cannot be read: \(error.localizedDescription)")
    }
    do {
      return try SafetensorsDecoder(data).decode()
    } catch let error as NetworkError {
      throw NetworkError("'\(path)': \(error.problem)", hint: error.hint)
    }
  }

  public static func read(bytes: [UInt8]) throws -> Safetensors {
    try SafetensorsDecoder(Data(bytes)).decode()
  }

  /// Writes float32 tensors beside `path` and renames. Equal tensors give equal bytes.
  ///
  /// - Throws: `NetworkError` where a tensor has another type, or the file cannot be written.
  public func write(to path: String) throws {
    let bytes = try bytes()
    do {
      try Data(bytes).write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
      throw NetworkError("'\(path)' cannot be written: \(error.localizedDescription)")
    }
  }

  public func bytes() throws -> [UInt8] {
    var header: [String: Any] = metadata.isEmpty ? [:] : ["__metadata__": metadata]
    var body: [UInt8] = []
    for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
      guard tensor.dtype == .float32 else {
        throw NetworkError("tensor '\(name)' is \(tensor.dtype.rawValue)", hint: "only float32 is written")
      }
      let start = body.count
      body.append(
        contentsOf: UnsafeRawBufferPointer(start: tensor.bytes.pointer, count: tensor.shape.count * 4))
      header[name] = [
        "dtype": "F32", "shape": tensor.shape.extents, "data_offsets": [start, body.count],
      ]
    }
    var json = try JSONSerialization.data(
      withJSONObject: header, options: [.sortedKeys, .withoutEscapingSlashes])
    while json.count % 8 != 0 { json.append(UInt8(ascii: " ")) }
    let length = UInt64(json.count).littleEndian
    return withUnsafeBytes(of: length) { Array($0) } + json + body
  }
}
