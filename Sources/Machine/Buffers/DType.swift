// SPDX-License-Identifier: Apache-2.0

/// The element type of a tensor.
public enum DType: String, Sendable, Hashable, CaseIterable {
  case float32, float16, uint8, int8, int32, int64, bool

  /// Whether elements are real numbers as they are, not stored with a scale.
  public var isReal: Bool { self == .float32 || self == .float16 }

  /// Bytes of one element.
  public var byteCount: Int {
    switch self {
    case .float32, .int32: 4
    case .float16: 2
    case .uint8, .int8, .bool: 1
    case .int64: 8
    }
  }
}

/// A Swift type that a tensor of one `DType` holds.
public protocol TensorElement: BitwiseCopyable, Sendable {
  static var dtype: DType { get }
}

extension Float: TensorElement { public static var dtype: DType { .float32 } }
extension Float16: TensorElement { public static var dtype: DType { .float16 } }
extension UInt8: TensorElement { public static var dtype: DType { .uint8 } }
extension Int8: TensorElement { public static var dtype: DType { .int8 } }
extension Int32: TensorElement { public static var dtype: DType { .int32 } }
extension Int64: TensorElement { public static var dtype: DType { .int64 } }
