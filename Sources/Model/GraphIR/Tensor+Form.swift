// SPDX-License-Identifier: Apache-2.0

public import Buffers

extension Shape {
  /// Elements from one index to the next along each axis, row-major.
  var strides: [Int] {
    var strides = [Int](repeating: 1, count: rank)
    for axis in extents.indices.dropLast().reversed() {
      strides[axis] = strides[axis + 1] * extents[axis + 1]
    }
    return strides
  }
}

extension Tensor {
  /// The tensor whose axis `i` is this one's axis `permutation[i]`.
  ///
  /// - Precondition: `permutation` names every axis once.
  public func transposed(_ permutation: [Int]) -> Tensor {
    precondition(permutation.sorted() == Array(0..<shape.rank), "permutation \(permutation) of \(shape)")
    let strides = shape.strides
    return gathered(Shape(permutation.map { shape[$0] }), strides: permutation.map { strides[$0] }, first: 0)
  }

  /// A tensor of `shape` whose elements are read at `first` plus index times stride, axis by axis.
  func gathered(_ shape: Shape, strides: [Int], first: Int) -> Tensor {
    // Axes of one cell drop out and neighbours that lie in a row become one, so that most of the work is
    // one long loop.
    var axes: [(extent: Int, stride: Int)] = []
    for (extent, stride) in zip(shape.extents, strides) where extent != 1 {
      if let last = axes.last, last.stride == stride * extent {
        axes[axes.count - 1] = (last.extent * extent, stride)
      } else {
        axes.append((extent, stride))
      }
    }
    let bytes = AlignedBytes(count: shape.count * dtype.byteCount)
    let result = Tensor(dtype: dtype, shape: shape, bytes: bytes)
    guard shape.count > 0 else { return result }
    switch dtype.byteCount {
    case 1: copy(axes, first, bytes, as: UInt8.self)
    case 2: copy(axes, first, bytes, as: UInt16.self)
    case 4: copy(axes, first, bytes, as: UInt32.self)
    default: copy(axes, first, bytes, as: UInt64.self)
    }
    return result
  }

  private func copy<Word: BitwiseCopyable>(
    _ axes: [(extent: Int, stride: Int)], _ first: Int, _ bytes: AlignedBytes, as type: Word.Type
  ) {
    let source = self.bytes.pointer.assumingMemoryBound(to: Word.self)
    var target = bytes.pointer.assumingMemoryBound(to: Word.self)
    let inner = axes.last ?? (extent: 1, stride: 1)
    let outer = axes.dropLast()
    var counters = [Int](repeating: 0, count: outer.count)
    var start = first
    while true {
      if inner.stride == 1 {
        target.update(from: source + start, count: inner.extent)
        target += inner.extent
      } else {
        var position = start
        for _ in 0..<inner.extent {
          target.pointee = source[position]
          target += 1
          position += inner.stride
        }
      }
      var axis = outer.count - 1
      while axis >= 0 {
        counters[axis] += 1
        start += outer[axis].stride
        if counters[axis] < outer[axis].extent { break }
        start -= outer[axis].stride * outer[axis].extent
        counters[axis] = 0
        axis -= 1
      }
      if axis < 0 { return }
    }
  }

  /// Which element stands for each one of `shape`, to which this tensor stretches.
  func broadcastIndices(to shape: Shape) -> [Int] {
    let own = self.shape.strides
    let lead = shape.rank - self.shape.rank
    let strides = (0..<shape.rank).map { axis in
      axis < lead || self.shape[axis - lead] == 1 ? 0 : own[axis - lead]
    }
    var indices: [Int] = []
    indices.reserveCapacity(shape.count)
    var counters = [Int](repeating: 0, count: shape.rank)
    var position = 0
    for _ in 0..<shape.count {
      indices.append(position)
      var axis = shape.rank - 1
      while axis >= 0 {
        counters[axis] += 1
        position += strides[axis]
        if counters[axis] < shape[axis] { break }
        position -= strides[axis] * shape[axis]
        counters[axis] = 0
        axis -= 1
      }
    }
    return indices
  }
}
