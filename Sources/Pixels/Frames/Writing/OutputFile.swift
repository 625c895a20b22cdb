// SPDX-License-Identifier: Apache-2.0

internal import Addresses
internal import CFFmpeg
internal import Glibc

/// A file, device or standard output that libavformat writes through, so that every error keeps its cause
/// and the bytes are counted.
final class OutputFile {
  let context: UnsafeMutablePointer<AVIOContext>
  let path: String
  private(set) var bytesWritten: Int64 = 0
  /// `errno` of the first write that failed, else 0.
  private(set) var failure: Int32 = 0
  private var descriptor: Int32

  /// - Throws: exists (a regular file is there and `overwrite` is false), permission, cannotCreate.
  init(_ path: String, overwrite: Bool) throws {
    self.path = path
    descriptor = try OutputFile.open(path, overwrite: overwrite)
    let size: Int32 = 64 << 10
    context = avio_alloc_context(
      av_malloc(Int(size)).assumingMemoryBound(to: UInt8.self), size, 1, nil, nil,
      { opaque, bytes, count in
        Unmanaged<OutputFile>.fromOpaque(opaque!).takeUnretainedValue().write(bytes!, Int(count))
      }, nil)
    context.pointee.opaque = Unmanaged.passUnretained(self).toOpaque()
    if lseek(descriptor, 0, SEEK_CUR) >= 0 {
      context.pointee.seekable = AVIO_SEEKABLE_NORMAL
      context.pointee.seek = { opaque, offset, whence in
        Unmanaged<OutputFile>.fromOpaque(opaque!).takeUnretainedValue().seek(offset, whence)
      }
    }
  }

  deinit {
    av_freep(&context.pointee.buffer)
    var context: UnsafeMutablePointer<AVIOContext>? = context
    avio_context_free(&context)
    if descriptor > STDERR_FILENO { Glibc.close(descriptor) }
  }

  func append(_ text: String) {
    var text = text
    text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
  }

  func append(_ bytes: UnsafeRawBufferPointer) {
    avio_write(context, bytes.bindMemory(to: UInt8.self).baseAddress, Int32(bytes.count))
  }

  /// Waits until the disk has what the system was given. Pipes and devices have nothing to wait for.
  func synchronize() {
    guard descriptor > STDERR_FILENO, failure == 0, fdatasync(descriptor) != 0 else { return }
    if [EIO, ENOSPC, EDQUOT].contains(errno) { failure = errno }
  }

  /// - Throws: diskFull or io, where closing told of an earlier write.
  func close() throws {
    avio_flush(context)
    guard descriptor > STDERR_FILENO else { return }
    let code = Glibc.close(descriptor)
    descriptor = -1
    if code != 0 && failure == 0 { failure = errno }
  }

  private static func open(_ path: String, overwrite: Bool) throws -> Int32 {
    if OutputAddress(path) == .standardOutput { return STDOUT_FILENO }
    var status = stat()
    let exists = stat(path, &status) == 0
    let isRegular = status.st_mode & S_IFMT == S_IFREG
    if exists && isRegular && !overwrite {
      throw FramesError(
        .exists, "create", path, "it exists", hint: "overwrite it with -y, or choose another name")
    }
    // O_EXCL: of two programs that start together, one gets the file.
    let flags = O_WRONLY | O_CREAT | O_CLOEXEC | (exists ? (isRegular ? O_TRUNC : 0) : O_EXCL)
    let descriptor = Glibc.open(path, flags, 0o666)
    guard descriptor >= 0 else {
      var error = FramesError(errno: errno, "create", path)
      if error.kind == .notFound || error.kind == .io {
        error.kind = .cannotCreate
        error.hint = "check that the folder exists"
      }
      throw error
    }
    return descriptor
  }

  private func write(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    var done = 0
    while done < count {
      let written = Glibc.write(descriptor, bytes + done, count - done)
      if written < 0 {
        if errno == EINTR { continue }
        if failure == 0 { failure = errno }
        return rm_averror(errno)
      }
      done += written
      bytesWritten += Int64(written)
    }
    return Int32(count)
  }

  private func seek(_ offset: Int64, _ whence: Int32) -> Int64 {
    if whence & Int32(AVSEEK_SIZE) != 0 {
      var status = stat()
      return fstat(descriptor, &status) == 0 ? Int64(status.st_size) : Int64(rm_averror(errno))
    }
    let place = lseek(descriptor, Int(offset), whence & ~Int32(AVSEEK_FORCE))
    return place >= 0 ? Int64(place) : Int64(rm_averror(errno))
  }
}
