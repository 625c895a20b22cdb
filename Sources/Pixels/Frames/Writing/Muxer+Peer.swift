// SPDX-License-Identifier: Apache-2.0

internal import CFFmpeg

/// The way to the file or peer, and what it answers.
extension Muxer {
  /// Connects the container to its output; `nil` where FFmpeg itself owns that.
  static func open(
    _ context: UnsafeMutablePointer<AVFormatContext>, _ path: String, isAddress: Bool, overwrite: Bool
  ) throws -> OutputFile? {
    if context.pointee.oformat.pointee.flags & AVFMT_NOFILE != 0 { return nil }
    if isAddress {
      let code = avio_open2(
        &context.pointee.pb, place(path), AVIO_FLAG_WRITE, &context.pointee.interrupt_callback, nil)
      if code < 0 { throw FramesError(code: code, "connect to", path) }
      return nil
    }
    let opened = try OutputFile(place(path), overwrite: overwrite)
    context.pointee.pb = opened.context
    context.pointee.flags |= AVFMT_FLAG_CUSTOM_IO
    return opened
  }

  /// Gives a call that talks to a peer `peerTimeout` seconds; those that write files may take any time.
  func timed(_ body: () -> Int32) -> Int32 {
    if file == nil { guardian.allow(peerTimeout) }
    return body()
  }

  static func silence(of path: String, _ operation: String, _ seconds: Double) -> FramesError {
    FramesError(
      .timedOut, operation, path, "it did not answer for \(Int(seconds)) s",
      hint: "check that the peer is up and the network reaches it")
  }

  func failure(_ code: Int32) -> FramesError {
    if guardian.isInterrupted {
      return FramesError(.interrupted, "write", path, "stopped", hint: "start it again")
    }
    if guardian.isOverdue { return Muxer.silence(of: path, "write", peerTimeout) }
    if let file, file.failure != 0 { return FramesError(errno: file.failure, "write", path) }
    return FramesError(code: code, "write", path)
  }
}
