// SPDX-License-Identifier: Apache-2.0

internal import CVideo4Linux
internal import Glibc

/// An open node of the kernel's video interface.
final class VideoDevice {
  let path: String
  let file: Int32
  /// As the driver names the device, and where it is plugged in.
  let card: String
  let bus: String
  let driver: String
  private let capabilities: UInt32

  /// - Throws: notFound, gone, deviceAccess, notCamera, busy.
  init(_ path: String, operation: String = "open") throws {
    self.path = path
    file = Glibc.open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC)
    guard file >= 0 else { throw VideoDevice.refusal(errno, operation, path) }
    var query = v4l2_capability()
    guard rm_v4l2_query(file, &query) == 0 else {
      let code = errno
      close(file)
      if code == ENODEV { throw FramesError(errno: code, operation, path) }
      throw FramesError(
        .notCamera, operation, path, "it is no video device", hint: "'roadmask devices' lists the cameras")
    }
    card = text(of: query.card)
    bus = text(of: query.bus_info)
    driver = text(of: query.driver)
    let ofNode = query.capabilities & UInt32(V4L2_CAP_DEVICE_CAPS) != 0
    capabilities = ofNode ? query.device_caps : query.capabilities
  }

  deinit { close(file) }

  /// It gives pictures in a way that we read.
  var isCamera: Bool { has(V4L2_CAP_VIDEO_CAPTURE) && has(V4L2_CAP_STREAMING) }
  /// It takes pictures in a way that we write.
  var isOutput: Bool { has(V4L2_CAP_VIDEO_OUTPUT) && (takesWrites || sharesBuffers) }
  var takesWrites: Bool { has(V4L2_CAP_READWRITE) }
  var sharesBuffers: Bool { has(V4L2_CAP_STREAMING) }

  private func has(_ capability: Int32) -> Bool { capabilities & UInt32(bitPattern: capability) != 0 }

  /// - Throws: notCamera.
  func needCamera(_ operation: String) throws {
    guard !isCamera else { return }
    throw FramesError(
      .notCamera, operation, path, "\(card) gives no pictures on this node",
      hint: "a camera has several nodes; 'roadmask devices' lists the right ones")
  }

  /// The error for what `errno` says after `operation`.
  func failure(_ operation: String, _ code: Int32 = errno) -> FramesError {
    switch code {
    case EBUSY: VideoDevice.busy(operation, path)
    case ENOMEM: FramesError(errno: code, operation, path)
    case ENOSPC:
      FramesError(
        .busy, operation, path, "the USB bus has no room for it",
        hint: "use another USB port, a smaller --size, or --pixel-format mjpeg")
    // Whatever else a driver says, it may work again once it is opened again.
    default:
      FramesError(
        .gone, operation, path, FramesError(errno: code, operation, path).cause,
        hint: "check the cable and the power")
    }
  }

  private static func refusal(_ code: Int32, _ operation: String, _ path: String) -> FramesError {
    switch code {
    case EACCES, EPERM:
      FramesError(
        .deviceAccess, operation, path, "permission denied",
        hint: "add yourself to the group 'video' (sudo usermod -aG video $USER) and log in again")
    case ENOENT:
      FramesError(
        .notFound, operation, path, "there is no such device",
        hint: "'roadmask devices' lists the cameras that are plugged in")
    case EBUSY: busy(operation, path)
    default: FramesError(errno: code, operation, path)
    }
  }

  private static func busy(_ operation: String, _ path: String) -> FramesError {
    let holders = DeviceHolders.names(of: path)
    let cause =
      holders.isEmpty ? "another program uses it" : "it is used by " + holders.joined(separator: ", ")
    return FramesError(
      .busy, operation, path, cause,
      hint: holders.isEmpty ? "end the other program; 'sudo fuser \(path)' names it" : "end it, and try again"
    )
  }
}

/// The text in a fixed array of bytes that the kernel filled.
func text<Bytes>(of bytes: Bytes) -> String {
  withUnsafeBytes(of: bytes) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
}
