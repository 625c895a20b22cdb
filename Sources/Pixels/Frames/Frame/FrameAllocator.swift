// SPDX-License-Identifier: Apache-2.0

public import Buffers
internal import CFFmpeg
internal import Synchronization

/// Makes frames to draw on. After the first few, memory comes back from frames that were dropped.
public final class FrameAllocator: @unchecked Sendable {
  // @unchecked: used by one stage at a time; buffers come back through FFmpeg's own locked pool.

  private struct Layout: Hashable {
    var format: PixelFormat
    var width: Int
    var height: Int
  }

  private var pool: OpaquePointer?
  private var layout: Layout?
  private let reserve: Int

  /// - Parameter reserve: frames whose memory is taken with the first, for runs whose memory shall not grow later.
  public init(reserve: Int = 0) { self.reserve = reserve }

  deinit { av_buffer_pool_uninit(&pool) }

  /// A frame of undefined pixels that takes `original`'s place: same time, index, colour and sound.
  public func frame(like original: Frame) -> Frame {
    frame(like: original, format: original.format, width: original.width, height: original.height)
  }

  /// As `frame(like:)`, in another size or format, and in other colours where they are given.
  public func frame(
    like original: Frame, format: PixelFormat, width: Int, height: Int, color: ColorTags? = nil,
    sampleAspectRatio: Ratio? = nil
  ) -> Frame {
    Frame(
      taking: picture(format, width: width, height: height), index: original.index,
      pts: original.pts, duration: original.duration, timeBase: original.timeBase,
      color: color ?? original.color, sampleAspectRatio: sampleAspectRatio ?? original.sampleAspectRatio,
      sidePackets: original.sidePackets, isCorrupt: original.isCorrupt, isWritable: true)
  }

  /// A frame of undefined pixels.
  public func frame(
    format: PixelFormat, width: Int, height: Int, index: Int, pts: Int64, duration: Int64,
    timeBase: TimeBase, color: ColorTags, sampleAspectRatio: Ratio = Ratio(1, 1)
  ) -> Frame {
    Frame(
      taking: picture(format, width: width, height: height), index: index, pts: pts,
      duration: duration, timeBase: timeBase, color: color, sampleAspectRatio: sampleAspectRatio,
      sidePackets: [], isCorrupt: false, isWritable: true)
  }

  /// A blank handle with planes of the given layout, rows aligned to 64 bytes.
  func picture(_ format: PixelFormat, width: Int, height: Int) -> UnsafeMutablePointer<AVFrame> {
    precondition(width > 0 && height > 0, "a frame of \(width)x\(height)")
    let alignment = AlignedBytes.alignment
    var offsets = (0, 0, 0)
    var strides = (0, 0, 0)
    var total = 0
    for index in 0..<format.planeCount {
      let size = format.planeSize(index, width: width, height: height)
      let stride = (size.rowBytes + alignment - 1) & ~(alignment - 1)
      switch index {
      case 0: (offsets.0, strides.0) = (total, stride)
      case 1: (offsets.1, strides.1) = (total, stride)
      default: (offsets.2, strides.2) = (total, stride)
      }
      total += stride * size.rows
    }
    let wanted = Layout(format: format, width: width, height: height)
    if layout != wanted {
      av_buffer_pool_uninit(&pool)
      pool = av_buffer_pool_init(total + alignment + AlignedBytes.overRead, av_buffer_allocz)
      layout = wanted
      fill(pool, with: reserve)
    }
    guard let buffer = av_buffer_pool_get(pool) else { endWithoutMemory(for: total) }
    let address = UInt(bitPattern: buffer.pointee.data)
    let base = buffer.pointee.data + Int((UInt(alignment) - address % UInt(alignment)) % UInt(alignment))
    let handle = FrameShells.take()
    handle.pointee.buf.0 = buffer
    handle.pointee.wrap(
      PictureView(
        format: format, width: width, height: height, matrix: .bt709, range: .limited,
        planes: (
          PlaneView(base: base + offsets.0, rowBytes: strides.0),
          PlaneView(base: base + offsets.1, rowBytes: strides.1),
          PlaneView(base: base + offsets.2, rowBytes: strides.2)
        )))
    return handle
  }
}

/// Makes `count` buffers of a pool, which keeps them; zeroing has made their memory resident.
func fill(_ pool: OpaquePointer?, with count: Int) {
  let buffers = (0..<count).map { _ in av_buffer_pool_get(pool) }
  for var buffer in buffers { av_buffer_unref(&buffer) }
}

/// Blank `AVFrame` structures, kept for the next frame instead of freed. One stock for the process: a
/// structure is often taken by one owner and given back by another.
enum FrameShells {
  // Addresses of AVFrame structures that nobody uses; as many as were ever in flight at once.
  private static let free = Mutex<[UInt]>([])

  static func take() -> UnsafeMutablePointer<AVFrame> {
    if let address = free.withLock({ $0.popLast() }) { return UnsafeMutablePointer(bitPattern: address)! }
    return av_frame_alloc()
  }

  static func give(_ frame: UnsafeMutablePointer<AVFrame>) {
    av_frame_unref(frame)
    free.withLock { $0.append(UInt(bitPattern: frame)) }
  }
}
