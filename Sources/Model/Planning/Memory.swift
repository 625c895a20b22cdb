// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import GraphIR
internal import Kernels

/// Where the values of one session lie.
struct Memory {
  let arena: UnsafeMutableRawPointer
  let plan: MemoryPlan
  let facts: Facts
  let constants: ValueTable<Tensor>
  /// Values of which some rows alone are to be seen, and where the first of those lies.
  var windows = ValueTable<Window>()

  struct Window {
    var pointer: UnsafeMutableRawPointer
    var rows: Range<Int>
  }

  func pointer(_ value: ValueID) -> UnsafeMutableRawPointer {
    if let constant = constants[value] { return constant.bytes.pointer }
    guard let place = plan.places[value] else { preconditionFailure("value \(value) has no place") }
    return arena + place.offset
  }

  func floats(_ value: ValueID) -> UnsafeMutablePointer<Float> {
    pointer(value).assumingMemoryBound(to: Float.self)
  }

  func bytes(_ value: ValueID) -> UnsafeMutablePointer<UInt8> {
    pointer(value).assumingMemoryBound(to: UInt8.self)
  }

  /// The rows of a value of rank 4 that are to be seen.
  func window(_ value: ValueID) -> Window {
    windows[value] ?? Window(pointer: pointer(value), rows: 0..<facts[value].shape[1])
  }

  /// A value of rank 4 as a map: `[batch][rows][columns][channels]`.
  func map(_ value: ValueID) -> MapView {
    let extents = facts[value].shape.extents
    precondition(extents.count == 4)
    let window = window(value)
    return MapView(
      window.pointer, batch: extents[0], rows: window.rows.count, columns: extents[2], channels: extents[3],
      pixelStride: plan.places[value]?.pixelStride, firstRow: window.rows.lowerBound)
  }

  /// A quantized value as a map: of rank 4 as it is; else the rows of a matrix product are its pixels, in as many
  /// rows as there are to share between threads.
  func byteMap(_ value: ValueID) -> ByteMap {
    let extents = facts[value].shape.extents
    guard extents.count == 4 else {
      let pixels = extents.dropLast().reduce(1, *)
      let columns = (16...64).last { pixels % $0 == 0 } ?? pixels
      return ByteMap(
        bytes(value), batch: 1, rows: pixels / columns, columns: columns,
        channels: extents[extents.count - 1],
        pixelStride: plan.places[value]?.pixelStride)
    }
    let window = window(value)
    return ByteMap(
      window.pointer.assumingMemoryBound(to: UInt8.self), batch: extents[0], rows: window.rows.count,
      columns: extents[2], channels: extents[3], pixelStride: plan.places[value]?.pixelStride,
      firstRow: window.rows.lowerBound)
  }

  /// Bytes from a row of a value of rank 4 to the next.
  func rowBytes(_ value: ValueID) -> Int {
    let fact = facts[value]
    return fact.shape[2] * (plan.places[value]?.pixelStride ?? fact.shape[3]) * fact.dtype.byteCount
  }
}
