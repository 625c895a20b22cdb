// SPDX-License-Identifier: Apache-2.0

import Buffers
import Foundation
import GraphIR

extension ONNXTensorProto {
  /// The tensor, its claimed size checked against the bytes that are there before anything is allocated.
  ///
  /// Half and double precision become float32.
  ///
  /// - Throws: `GraphError` naming the tensor as `label`.
  func tensor(_ label: String) throws -> Tensor {
    func fail(_ problem: String, hint: String? = nil) -> GraphError {
      GraphError("tensor '\(label)': \(problem)", hint: hint)
    }
    guard externalData.isEmpty, dataLocation != .external else {
      throw fail("its data is in another file", hint: "save the model as one file")
    }
    guard dims.count <= GraphLimits.rank else {
      throw fail("rank \(dims.count); the limit is \(GraphLimits.rank)")
    }
    let extents = dims.map { Int($0) }
    guard extents.allSatisfy({ $0 >= 0 && $0 <= GraphLimits.attribute }),
      let count = Shape.checkedCount(extents),
      count <= GraphLimits.elements
    else { throw fail("shape \(extents) is beyond the limits") }
    let shape = Shape(extents)
    let type = DataType(rawValue: Int(dataType)) ?? .undefined

    func raw(_ size: Int) throws -> Data {
      guard rawData.count == count * size else {
        throw fail("\(rawData.count) bytes for shape \(shape), which takes \(count * size)")
      }
      return rawData
    }
    func numbers<Element>(_ list: [Element]) throws -> [Element] {
      guard list.count == count else { throw fail("\(list.count) numbers for shape \(shape)") }
      return list
    }
    func copied(_ dtype: DType) throws -> Tensor {
      let source = try raw(dtype.byteCount)
      let bytes = AlignedBytes(count: source.count)
      source.withUnsafeBytes {
        UnsafeMutableRawBufferPointer(start: bytes.pointer, count: bytes.count).copyMemory(from: $0)
      }
      return Tensor(dtype: dtype, shape: shape, bytes: bytes)
    }
    /// Numbers that the file keeps in wider ones.
    func narrowed<Element: FixedWidthInteger>(_ type: Element.Type) throws -> [Element] {
      try numbers(int32Data).map { number in
        guard let value = Element(exactly: number) else {
          throw fail("\(number) is out of the range of its type, \(Element.min)…\(Element.max)")
        }
        return value
      }
    }
    /// Raw bytes as unsigned integers of `Element`'s size.
    func words<Element: FixedWidthInteger>(_ type: Element.Type) throws -> [Element] {
      try raw(MemoryLayout<Element>.size).withUnsafeBytes { source in
        (0..<count).map {
          source.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Element>.size, as: Element.self)
        }
      }
    }

    switch type {
    case .float:
      return floatData.isEmpty ? try copied(.float32) : Tensor(try numbers(floatData), shape: shape)
    case .int64: return int64Data.isEmpty ? try copied(.int64) : Tensor(try numbers(int64Data), shape: shape)
    case .int32: return int32Data.isEmpty ? try copied(.int32) : Tensor(try numbers(int32Data), shape: shape)
    case .uint8:
      return int32Data.isEmpty
        ? try copied(.uint8)
        : Tensor(try narrowed(UInt8.self), shape: shape)
    case .int8:
      return int32Data.isEmpty
        ? try copied(.int8)
        : Tensor(try narrowed(Int8.self), shape: shape)
    case .bool:
      guard int32Data.isEmpty else {
        let values = Tensor(try numbers(int32Data).map { $0 == 0 ? 0 : 1 as UInt8 }, shape: shape)
        return Tensor(dtype: .bool, shape: shape, bytes: values.bytes)
      }
      return try copied(.bool)
    case .float16:
      let bits =
        int32Data.isEmpty
        ? try words(UInt16.self) : try numbers(int32Data).map { UInt16(truncatingIfNeeded: $0) }
      return Tensor(bits.map(Float.init(halfBits:)), shape: shape)
    case .bfloat16:
      let bits =
        int32Data.isEmpty
        ? try words(UInt16.self) : try numbers(int32Data).map { UInt16(truncatingIfNeeded: $0) }
      return Tensor(bits.map { Float(bitPattern: UInt32($0) << 16) }, shape: shape)
    case .double:
      let values =
        doubleData.isEmpty ? try words(UInt64.self).map(Double.init(bitPattern:)) : try numbers(doubleData)
      return Tensor(values.map { Float($0) }, shape: shape)
    default:
      let narrow = [4: "uint16", 5: "int16", 21: "uint4", 22: "int4"]
      if let name = narrow[Int(dataType)] {
        throw fail(
          "numbers of type \(name)", hint: "quantise with 8 bits: int8 weights, uint8 or int8 activations")
      }
      throw fail(
        "numbers of type \(dataType)",
        hint: "float, float16, double, int8, uint8, int32, int64 and bool are read")
    }
  }
}
