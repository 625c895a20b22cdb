// SPDX-License-Identifier: Apache-2.0

internal import CVideo4Linux
internal import Glibc

/// A camera that runs: its driver fills a few buffers that it shares with us, in turn.
final class CaptureStream {
  /// A buffer that the driver has filled; to be given back.
  struct Filled {
    let index: UInt32
    let bytes: UnsafeRawBufferPointer
    /// The driver says that data are missing.
    let isDamaged: Bool
    /// When it was taken, by the system's monotonic clock; `nil` where the driver uses another one.
    let nanoseconds: UInt64?
  }

  let device: VideoDevice
  /// As the driver settled it.
  let picture: v4l2_pix_format
  /// Pictures that the camera took and that never reached us.
  private(set) var missing = 0
  private var lastSequence: UInt32?
  private let interrupt: InterruptFlag?
  private let buffers: SharedBuffers
  private static let type = V4L2_BUF_TYPE_VIDEO_CAPTURE.rawValue

  /// - Throws: busy, gone, usage.
  init(_ device: VideoDevice, _ plan: CameraPlan, interrupt: InterruptFlag?) throws {
    self.device = device
    self.interrupt = interrupt
    var format = v4l2_format()
    format.type = CaptureStream.type
    format.fmt.pix.width = UInt32(plan.mode.width)
    format.fmt.pix.height = UInt32(plan.mode.height)
    format.fmt.pix.pixelformat = plan.format.code.rawValue
    format.fmt.pix.field = V4L2_FIELD_ANY.rawValue
    guard rm_v4l2_set_format(device.file, &format) == 0 else { throw device.failure("open") }
    picture = format.fmt.pix
    guard picture.pixelformat == plan.format.code.rawValue, picture.width > 0, picture.height > 0 else {
      throw FramesError(
        .usage, "open", device.path, "it refuses \(plan.mode)", hint: "try another --pixel-format or --size")
    }
    if plan.mode.rate.isKnown {
      var parameters = v4l2_streamparm()
      parameters.type = CaptureStream.type
      parameters.parm.capture.timeperframe.numerator = UInt32(plan.mode.rate.denominator)
      parameters.parm.capture.timeperframe.denominator = UInt32(plan.mode.rate.numerator)
      // A camera that cannot be told its rate has one.
      _ = rm_v4l2_set_parameters(device.file, &parameters)
    }
    buffers = try SharedBuffers(device, V4L2_BUF_TYPE_VIDEO_CAPTURE, operation: "open")
    for index in buffers.memory.indices { try giveBack(UInt32(index)) }
    guard buffers.start() else { throw device.failure("start") }
  }

  deinit { buffers.stop() }

  /// Waits for the next filled buffer; `nil` when `deadline` (nanoseconds, monotonic) has passed.
  ///
  /// - Throws: interrupted, gone.
  func take(until deadline: UInt64) throws -> Filled? {
    while true {
      if interrupt?.isSet == true {
        throw FramesError(.interrupted, "read", device.path, "interrupted", hint: "run it again")
      }
      if let filled = try takeReady() { return filled }
      let now = IOGuard.now()
      guard now < deadline else { return nil }
      // Short waits, between which an interruption is seen.
      let wait = min(40, (deadline - now) / 1_000_000 + 1)
      var entry = pollfd(file: device.file)
      guard poll(&entry, 1, Int32(wait)) >= 0 || errno == EINTR else { throw device.failure("read") }
      let events = Int32(entry.revents)
      guard events & (POLLERR | POLLHUP | POLLNVAL) != 0 else { continue }
      // The call says why: the device is gone, or the driver gave up.
      if let filled = try takeReady() { return filled }
      throw device.failure("read", EIO)
    }
  }

  /// A filled buffer, if there is one.
  ///
  /// - Throws: gone.
  func takeReady() throws -> Filled? {
    var buffer = buffers.blank()
    guard rm_v4l2_dequeue(device.file, &buffer) == 0 else {
      let code = errno
      if code == EAGAIN { return nil }
      throw device.failure("read", code)
    }
    note(buffer.sequence)
    let memory = buffers.memory[Int(buffer.index)]
    let used = min(Int(buffer.bytesused), memory.count)
    let time = UInt64(max(0, buffer.timestamp.tv_sec)) &* 1_000_000_000
    let isMonotonic =
      buffer.flags & UInt32(V4L2_BUF_FLAG_TIMESTAMP_MASK)
      == UInt32(V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC)
    return Filled(
      index: buffer.index, bytes: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(memory)[..<used]),
      isDamaged: buffer.flags & UInt32(V4L2_BUF_FLAG_ERROR) != 0,
      nanoseconds: isMonotonic ? time &+ UInt64(max(0, buffer.timestamp.tv_usec)) &* 1000 : nil)
  }

  private func note(_ sequence: UInt32) {
    let step = lastSequence.map { Int(sequence &- $0) } ?? 1
    lastSequence = sequence
    // A large step is a counter that began anew.
    if step > 1 && step < 1000 { missing += step - 1 }
  }

  /// Lets the driver fill a buffer again.
  ///
  /// - Throws: gone.
  func giveBack(_ index: UInt32) throws {
    var buffer = buffers.blank(index)
    guard rm_v4l2_queue(device.file, &buffer) == 0 else { throw device.failure("read") }
  }
}

extension pollfd {
  init(file: Int32, events: Int32 = POLLIN) {
    self.init(fd: file, events: Int16(events), revents: 0)
  }
}
