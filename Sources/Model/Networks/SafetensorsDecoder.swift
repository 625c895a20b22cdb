// SPDX-License-Identifier: Apache-2.0

import Buffers
import Foundation
import GraphIR

struct SafetensorsDecoder {
  private struct Entry: Decodable {
    var dtype: String
    var shape: [Int]
    var data_offsets: [Int]
  }

  /// The header: tensors by name, with one name that stands for free text.
  private struct Header: Decodable {
    var entries: [String: Entry] = [:]
    var metadata: [String: String] = [:]

    struct Key: CodingKey {
      var stringValue: String
      var intValue: Int? { nil }
      init?(stringValue: String) { self.stringValue = stringValue }
      init?(intValue: Int) { return nil }
    }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: Key.self)
      for key in container.allKeys {
        if key.stringValue == "__metadata__" {
          metadata = try container.decode([String: String].self, forKey: key)
        } else {
          entries[key.stringValue] = try container.decode(Entry.self, forKey: key)
        }
      }
    }
  }

  private let data: Data

  init(_ data: Data) { self.data = data }

  func decode() throws -> Safetensors {
    guard data.count <= Safetensors.maximumBytes else {
      throw NetworkError("\(data.count) bytes; the limit is \(Safetensors.maximumBytes)")
    }
    guard data.count >= 8 else { throw NetworkError("is no safetensors file", hint: "it is too short") }
    let length = data.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
    guard length <= Safetensors.maximumHeaderBytes, Int(length) <= data.count - 8 else {
      throw NetworkError(
        "is no safetensors file, or cut short", hint: "its header would have \(length) bytes")
    }
    let header: Header
    do {
      header = try JSONDecoder().decode(Header.self, from: data.subdata(in: 8..<8 + Int(length)))
    } catch {
      throw NetworkError("its header is damaged", hint: "was it copied completely?")
    }
    let start = 8 + Int(length)
    try checkRanges(header, size: data.count - start)
    var file = Safetensors([:], metadata: header.metadata)
    for (name, entry) in header.entries { file.tensors[name] = try tensor(name, entry, start) }
    return file
  }

  /// Ranges follow one another, so that a small file cannot claim much memory.
  private func checkRanges(_ header: Header, size: Int) throws {
    var end = 0
    for (name, entry) in header.entries.sorted(by: {
      ($0.value.data_offsets.first ?? 0, $0.key) < ($1.value.data_offsets.first ?? 0, $1.key)
    }) {
      let range = entry.data_offsets
      guard range.count == 2, range[0] >= end, range[0] <= range[1], range[1] <= size else {
        throw NetworkError(
          "tensor '\(name)' lies at \(range) of \(size) bytes", hint: "was the file copied completely?")
      }
      end = range[1]
    }
  }

  private func tensor(_ name: String, _ entry: Entry, _ start: Int) throws -> Tensor {
    let size: Int
    switch entry.dtype {
    case "F32": size = 4
    case "F16", "BF16": size = 2
    default: throw NetworkError("tensor '\(name)' is \(entry.dtype)", hint: "F32, F16 and BF16 are read")
    }
    guard entry.shape.count <= 8, entry.shape.allSatisfy({ $0 >= 0 }),
      let count = Shape.checkedCount(entry.shape),
      let bytes = Shape.checkedCount([count, size]), bytes == entry.data_offsets[1] - entry.data_offsets[0]
    else { throw NetworkError("tensor '\(name)': shape \(entry.shape) does not fit its bytes") }
    let storage = AlignedBytes(count: count * 4)
    let values = storage.pointer.assumingMemoryBound(to: Float.self)
    data.withUnsafeBytes { source in
      let base = start + entry.data_offsets[0]
      for index in 0..<count {
        let offset = base + index * size
        switch entry.dtype {
        case "F32":
          values[index] = Float(
            bitPattern: UInt32(littleEndian: source.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
        case "F16":
          values[index] = Float(
            halfBits: UInt16(littleEndian: source.loadUnaligned(fromByteOffset: offset, as: UInt16.self)))
        default:
          let bits = UInt16(littleEndian: source.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
          values[index] = Float(bitPattern: UInt32(bits) << 16)
        }
      }
    }
    return Tensor(dtype: .float32, shape: Shape(entry.shape), bytes: storage)
  }
}
