// SPDX-License-Identifier: Apache-2.0

/// A dense, immutable array of numbers: weights, constants, test data. Row-major in `shape`.
public struct Tensor: Sendable {
  public let dtype: DType
  public let shape: Shape
  /// `shape.count * dtype.byteCount` bytes, little-endian.
  public let bytes: AlignedBytes

  /// Wraps `bytes`, which nobody writes to afterwards.
  public init(dtype: DType, shape: Shape, bytes: AlignedBytes) {
    precondition(bytes.count >= shape.count * dtype.byteCount, "too few bytes for \(shape)")
    self.dtype = dtype
    self.shape = shape
    self.bytes = bytes
  }

  /// Copies `values`, one for each element of `shape`.
  public init<Element: TensorElement>(_ values: [Element], shape: Shape) {
    precondition(values.count == shape.count, "\(values.count) values for shape \(shape)")
    let bytes = AlignedBytes(count: values.count * MemoryLayout<Element>.stride)
    values.withUnsafeBytes { source in
      UnsafeMutableRawBufferPointer(start: bytes.pointer, count: bytes.count).copyMemory(from: source)
    }
    self.init(dtype: Element.dtype, shape: shape, bytes: bytes)
  }

  /// A scalar or vector of floats, shaped `[values.count]`.
  public init(_ values: [Float]) { self.init(values, shape: [values.count]) }

  /// Reads the elements in place.
  ///
  /// - Precondition: `Element` is the type of `dtype`.
  public func withElements<Element: TensorElement, Result>(
    as type: Element.Type = Element.self,
    _ body: (UnsafeBufferPointer<Element>) throws -> Result
  ) rethrows -> Result {
    precondition(Element.dtype == dtype, "a \(dtype) tensor read as \(Element.dtype)")
    let start = bytes.pointer.assumingMemoryBound(to: Element.self)
    return try body(UnsafeBufferPointer(start: start, count: shape.count))
  }

  /// A copy of the elements.
  public func elements<Element: TensorElement>(as type: Element.Type = Element.self) -> [Element] {
    withElements(as: type) { Array($0) }
  }

  /// A copy of real elements as float32.
  public func realElements() -> [Float] {
    dtype == .float16 ? elements(as: Float16.self).map(Float.init) : elements(as: Float.self)
  }

  /// The same elements under another shape of equal count.
  public func reshaped(_ shape: Shape) -> Tensor {
    precondition(shape.count == self.shape.count, "\(self.shape) cannot become \(shape)")
    return Tensor(dtype: dtype, shape: shape, bytes: bytes)
  }
}

extension Tensor: Equatable {
  /// Same type, shape and bytes.
  public static func == (a: Tensor, b: Tensor) -> Bool {
    guard a.dtype == b.dtype, a.shape == b.shape else { return false }
    let count = a.shape.count * a.dtype.byteCount
    return UnsafeRawBufferPointer(start: a.bytes.pointer, count: count).elementsEqual(
      UnsafeRawBufferPointer(start: b.bytes.pointer, count: count))
  }
}
