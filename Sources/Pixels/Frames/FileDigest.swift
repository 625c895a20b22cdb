// SPDX-License-Identifier: Apache-2.0

internal import CFFmpeg
internal import Glibc

/// Digests of files.
public enum FileDigest {
  /// SHA-256 of a file's bytes, as 64 hexadecimal digits.
  ///
  /// - Throws: notFound, permission, io.
  public static func sha256(_ path: String) throws -> String {
    guard let file = fopen(path, "rb") else { throw FramesError(errno: errno, "open", path) }
    defer { fclose(file) }
    guard let context = av_sha_alloc() else {
      throw FramesError(.outOfMemory, "read", path, "no memory", hint: "close other programs")
    }
    defer { av_free(UnsafeMutableRawPointer(context)) }
    av_sha_init(context, 256)
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = fread(&buffer, 1, buffer.count, file), count > 0 {
      av_sha_update(context, buffer, count)
    }
    guard ferror(file) == 0 else { throw FramesError(errno: errno, "read", path) }
    var digest = [UInt8](repeating: 0, count: 32)
    av_sha_final(context, &digest)
    return digest.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
  }
}
