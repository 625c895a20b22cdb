// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import CKernels

/// The rows that a worker holds while it resizes.
public final class ResizeScratch: @unchecked Sendable {
  // @unchecked: used by one worker at a time.

  private let bytes: AlignedBytes
  private let columns: Int
  let sourceRows: UnsafeMutablePointer<UnsafePointer<UInt8>>
  let blended: UnsafeMutablePointer<Int16>
  let splitU: UnsafeMutablePointer<Int16>
  let splitV: UnsafeMutablePointer<Int16>
  let y: UnsafeMutablePointer<Int16>
  let u: UnsafeMutablePointer<Int16>
  let v: UnsafeMutablePointer<Int16>
  let rgb: UnsafeMutablePointer<UInt8>

  /// - Parameters:
  ///   - samples: the most bytes in a source row.
  ///   - columns: outputs in a row.
  ///   - taps: the most source rows that make one output row.
  init(samples: Int, columns: Int, taps: Int) {
    let overRead = RM_PIXELS_OVER_READ
    let source = (2 * PixelKernels.padded(samples) + overRead + 63) & ~63
    self.columns = PixelKernels.padded(columns)
    let out = 2 * self.columns
    let pointers = (taps * MemoryLayout<UnsafePointer<UInt8>>.stride + 63) & ~63
    bytes = AlignedBytes(count: pointers + 3 * source + 3 * out + 3 * self.columns)
    var at = bytes.pointer
    func take<Element>(_ size: Int, _ type: Element.Type) -> UnsafeMutablePointer<Element> {
      defer { at += size }
      return at.bindMemory(to: type, capacity: size / MemoryLayout<Element>.stride)
    }
    sourceRows = take(pointers, UnsafePointer<UInt8>.self)
    blended = take(source, Int16.self)
    splitU = take(source, Int16.self)
    splitV = take(source, Int16.self)
    y = take(out, Int16.self)
    u = take(out, Int16.self)
    v = take(out, Int16.self)
    rgb = take(3 * self.columns, UInt8.self)
  }

  /// Sets the chroma rows to no colour.
  func neutralizeChroma() {
    let neutral = Int16(128 << RM_SAMPLE_BITS)
    u.update(repeating: neutral, count: columns)
    v.update(repeating: neutral, count: columns)
  }
}
