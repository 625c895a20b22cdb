// SPDX-License-Identifier: Apache-2.0

internal import CVideo4Linux
internal import Glibc

/// A video output that runs: pictures go into buffers that it shares with us, in turn.
final class DisplayStream {
  private let buffers: SharedBuffers
  private let interrupt: InterruptFlag?
  private var filled = 0

  /// - Throws: busy, gone.
  init(_ device: VideoDevice, interrupt: InterruptFlag?) throws {
    buffers = try SharedBuffers(device, V4L2_BUF_TYPE_VIDEO_OUTPUT, operation: "write to")
    self.interrupt = interrupt
  }

  deinit { buffers.stop() }

  /// Waits for a buffer that was shown, and fills it with the bytes of a picture.
  ///
  /// - Throws: gone, interrupted.
  func show(_ picture: UnsafeRawBufferPointer) throws {
    let device = buffers.device
    let index = try filled < buffers.memory.count ? UInt32(filled) : takeShown()
    let memory = buffers.memory[Int(index)]
    guard picture.count <= memory.count else { throw device.failure("write to", EINVAL) }
    memory.copyMemory(from: picture)
    var buffer = buffers.blank(index)
    buffer.bytesused = UInt32(picture.count)
    buffer.field = V4L2_FIELD_NONE.rawValue
    guard rm_v4l2_queue(device.file, &buffer) == 0 else { throw device.failure("write to") }
    if filled == 0 && !buffers.start() { throw device.failure("write to") }
    filled += 1
  }

  private func takeShown() throws -> UInt32 {
    let device = buffers.device
    while true {
      var buffer = buffers.blank()
      if rm_v4l2_dequeue(device.file, &buffer) == 0 { return buffer.index }
      guard errno == EAGAIN else { throw device.failure("write to") }
      try device.waitForRoom(interrupt)
    }
  }
}

extension VideoDevice {
  /// Waits a moment for an output to take more.
  ///
  /// - Throws: interrupted.
  func waitForRoom(_ interrupt: InterruptFlag?) throws {
    if interrupt?.isSet == true {
      throw FramesError(.interrupted, "write to", path, "interrupted", hint: "run it again")
    }
    var entry = pollfd(file: file, events: POLLOUT)
    _ = poll(&entry, 1, 40)
  }
}
