// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import CKernels

/// The two rows of logits, taken apart by class, that a worker holds while it upsamples, and what lies between.
public final class UpsampleScratch: @unchecked Sendable {
  // @unchecked: used by one worker at a time.

  private let bytes: AlignedBytes
  private let planeBytes: Int
  /// Which row each half holds.
  private var held = (-1, -1)
  let lerped: UnsafeMutableRawPointer
  let winners: UnsafeMutablePointer<UInt8>

  /// - Parameters:
  ///   - planes: bytes of one row's planes.
  ///   - columns: logits in a row.
  init(planes: Int, columns: Int) {
    let overRead = RM_PIXELS_OVER_READ
    planeBytes = (planes + overRead + 63) & ~63
    let lerpedBytes = (2 * planes + overRead + 63) & ~63
    bytes = AlignedBytes(count: 2 * planeBytes + lerpedBytes + PixelKernels.padded(columns))
    lerped = bytes.pointer + 2 * planeBytes
    winners = (lerped + lerpedBytes).assumingMemoryBound(to: UInt8.self)
  }

  /// Drops what is held; other logits follow.
  func forget() { held = (-1, -1) }

  /// Where the planes of `row` are or shall go. Rows come in order, so even and odd ones take turns.
  func planes(ofRow row: Int) -> (UnsafeMutableRawPointer, isHeld: Bool) {
    if row % 2 == 0 {
      defer { held.0 = row }
      return (bytes.pointer, held.0 == row)
    }
    defer { held.1 = row }
    return (bytes.pointer + planeBytes, held.1 == row)
  }
}
