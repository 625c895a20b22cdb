// SPDX-License-Identifier: Apache-2.0

internal import Addresses
internal import CFFmpeg
internal import Glibc

/// Feeds libavformat from a pipe, a FIFO or standard input, and lets go of a silent one at once: FFmpeg's
/// own reader blocks in `read` there.
final class StreamInput {
  let context: UnsafeMutablePointer<AVIOContext>
  private let descriptor: Int32
  private let ownsDescriptor: Bool
  private let guardian: IOGuard

  /// True for what cannot be read at any place: `-`, FIFOs and sockets.
  static func suits(_ uri: String) -> Bool {
    if case .standardInput = SourceAddress(uri) { return true }
    var status = stat()
    guard stat(uri, &status) == 0 else { return false }
    let kind = status.st_mode & S_IFMT
    return kind == S_IFIFO || kind == S_IFSOCK
  }

  init(_ uri: String, guardian: IOGuard) throws {
    // O_NONBLOCK: opening a FIFO must not wait for its writer; `poll` does.
    let isStandard = SourceAddress(uri) == .standardInput
    descriptor = isStandard ? STDIN_FILENO : open(uri, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { throw FramesError(errno: errno, "open", uri) }
    ownsDescriptor = !isStandard
    self.guardian = guardian
    let size: Int32 = 64 << 10
    context = avio_alloc_context(
      av_malloc(Int(size)).assumingMemoryBound(to: UInt8.self), size, 0, nil,
      { opaque, buffer, count in
        Unmanaged<StreamInput>.fromOpaque(opaque!).takeUnretainedValue().read(buffer!, Int(count))
      }, nil, nil)
    context.pointee.opaque = Unmanaged.passUnretained(self).toOpaque()
  }

  deinit {
    av_freep(&context.pointee.buffer)
    var context: UnsafeMutablePointer<AVIOContext>? = context
    avio_context_free(&context)
    if ownsDescriptor { close(descriptor) }
  }

  private func read(_ buffer: UnsafeMutablePointer<UInt8>, _ count: Int) -> Int32 {
    var sawWriter = !ownsDescriptor
    while true {
      if guardian.isInterrupted { return rm_averror_exit() }
      if guardian.isOverdue { return rm_averror(ETIMEDOUT) }
      var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      let ready = poll(&request, 1, 20)
      if ready < 0 && errno != EINTR { return rm_averror(errno) }
      if ready <= 0 { continue }
      if request.revents & Int16(POLLIN) != 0 { sawWriter = true }
      let got = Glibc.read(descriptor, buffer, count)
      if got > 0 { return Int32(got) }
      if got == 0 {
        // A FIFO without a writer reads as ended; the first one may still come.
        if sawWriter || request.revents & Int16(POLLHUP) != 0 { return rm_averror_eof() }
        usleep(10_000)
      } else if errno != EAGAIN && errno != EINTR {
        return rm_averror(errno)
      }
    }
  }
}
