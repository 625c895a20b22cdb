// SPDX-License-Identifier: Apache-2.0

internal import CVideo4Linux
internal import Glibc

/// A few buffers that a driver shares with us, to fill or to show.
final class SharedBuffers {
  let device: VideoDevice
  private(set) var memory: [UnsafeMutableRawBufferPointer] = []
  private let type: UInt32
  private static let kind = V4L2_MEMORY_MMAP.rawValue

  /// - Parameter count: as many as are wished for; the driver may give another number.
  /// - Throws: busy, gone.
  init(_ device: VideoDevice, _ type: v4l2_buf_type, count: UInt32 = 4, operation: String) throws {
    self.device = device
    self.type = type.rawValue
    var request = v4l2_requestbuffers()
    request.count = count
    request.type = self.type
    request.memory = SharedBuffers.kind
    guard rm_v4l2_request_buffers(device.file, &request) == 0 else { throw device.failure(operation) }
    for index in 0..<request.count {
      var buffer = blank(index)
      guard rm_v4l2_query_buffer(device.file, &buffer) == 0,
        let address = mmap(
          nil, Int(buffer.length), PROT_READ | PROT_WRITE, MAP_SHARED, device.file, Int(buffer.m.offset)),
        address != MAP_FAILED
      else {
        let failure = device.failure(operation)
        release()
        throw failure
      }
      memory.append(UnsafeMutableRawBufferPointer(start: address, count: Int(buffer.length)))
    }
  }

  deinit { release() }

  private func release() {
    for buffer in memory { munmap(buffer.baseAddress!, buffer.count) }
    memory = []
  }

  func start() -> Bool { rm_v4l2_stream_on(device.file, Int32(type)) == 0 }
  func stop() { _ = rm_v4l2_stream_off(device.file, Int32(type)) }

  func blank(_ index: UInt32 = 0) -> v4l2_buffer {
    var buffer = v4l2_buffer()
    buffer.index = index
    buffer.type = type
    buffer.memory = SharedBuffers.kind
    return buffer
  }
}
