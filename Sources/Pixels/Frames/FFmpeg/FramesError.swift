// SPDX-License-Identifier: Apache-2.0

internal import Addresses
internal import CFFmpeg
internal import Glibc

/// Why pictures could not be read or written: the operation, its subject, the cause, and one hint.
public struct FramesError: Error, Sendable, Hashable {
  public enum Kind: String, Sendable, CaseIterable {
    // The source.
    case notFound, invalidData, noVideoStream, noFrames, sizeMismatch
    /// A recording that was cut off before its index was written.
    case unfinished
    /// Pictures that nothing here can show as they are meant.
    case unsupportedSource
    /// A disk or device gives an error instead of data.
    case unreadable
    /// A camera was unplugged, a peer hung up: it may come back.
    case gone
    /// Open, but nothing came for the stall time: it may come back.
    case stalled
    /// The peer wants another user or password (401, 403).
    case unauthorized
    /// The peer is there, but has no such stream (404).
    case noStream
    /// The name of the peer has no address.
    case unknownHost
    /// The certificate of the peer is not to be trusted, or cannot be checked.
    case untrusted
    /// The source names others that it may not open.
    case notAllowed
    /// The node of a device gives no pictures, or none that can be read.
    case notCamera
    /// A device exists, but this user may not open it.
    case deviceAccess
    // The source or the output.
    case permission, unreachable, timedOut, busy, interrupted
    // The output.
    case exists, cannotCreate, diskFull, io, unsupportedEncoder, unsupportedOutput
    // The request, or the system.
    case usage, outOfMemory
  }

  public var kind: Kind
  /// What was tried, as in "cannot `open`".
  public var operation: String
  /// The path or address as the user wrote it, without passwords.
  public var subject: String
  public var cause: String
  public var hint: String

  public init(_ kind: Kind, _ operation: String, _ subject: String, _ cause: String, hint: String) {
    self.kind = kind
    self.operation = operation
    self.subject = redacted(subject)
    self.cause = cause
    self.hint = hint
  }
}

extension FramesError: CustomStringConvertible {
  /// One line, without the hint: `cannot open clip.mp4: no such file`.
  public var description: String { "cannot \(operation) \(subject): \(cause)" }
}

extension FramesError {
  /// The error for a negative code from FFmpeg.
  init(code: Int32, _ operation: String, _ subject: String, hint: String? = nil) {
    var kind = Kind(code: code)
    if kind == .io {
      switch operation {
      case "open", "read": kind = .unreadable
      case "decode": kind = .invalidData
      default: break
      }
    }
    self.init(kind, operation, subject, FramesError.text(of: code), hint: hint ?? kind.usualHint)
  }

  /// The error for a value of `errno`.
  package init(errno code: Int32, _ operation: String, _ subject: String, hint: String? = nil) {
    self.init(code: rm_averror(code), operation, subject, hint: hint)
  }

  static func text(of code: Int32) -> String {
    var buffer = [CChar](repeating: 0, count: 256)
    av_strerror(code, &buffer, buffer.count)
    let text = buffer.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    guard let first = text.first else { return "error \(code)" }
    return first.lowercased() + text.dropFirst()
  }
}

extension FramesError.Kind {
  fileprivate init(code: Int32) {
    if code == rm_averror_invaliddata() {
      self = .invalidData
    } else if code == rm_averror_exit() {
      self = .interrupted
    } else if code == rm_averror_http(401) || code == rm_averror_http(403) {
      self = .unauthorized
    } else if code == rm_averror_http(404) {
      self = .noStream
    } else if code == rm_averror_http(400) || code == rm_averror_http(499) || code == rm_averror_http(500) {
      self = .unreachable
    } else {
      switch -code {
      case ENOENT: self = .notFound
      case EACCES, EPERM, EROFS: self = .permission
      case ENOSPC, EDQUOT, EFBIG: self = .diskFull
      case EEXIST: self = .exists
      case EBUSY: self = .busy
      case ENODEV, ENXIO: self = .gone
      case ENOMEM: self = .outOfMemory
      case ETIMEDOUT: self = .timedOut
      case ECONNREFUSED, ECONNRESET, EHOSTUNREACH, ENETUNREACH, EPIPE: self = .unreachable
      default: self = .io
      }
    }
  }

  fileprivate var usualHint: String {
    switch self {
    case .notFound: "check the spelling of the path"
    case .permission: "check who may read or write it: ls -l"
    case .diskFull: "free some space, or write to another disk"
    case .invalidData: "it is not a video that FFmpeg can read; 'ffprobe' on it tells more"
    case .unreadable: "check the disk: dmesg may tell more"
    case .outOfMemory: "close other programs, or use a smaller picture size"
    case .unauthorized: "check user and password: rtsp://user:password@host/path"
    case .noStream: "check the path of the address; is the stream being published?"
    case .unknownHost: "check the spelling of the host, and the network"
    case .gone: "check the cable, the power and the address"
    case .stalled, .timedOut, .unreachable: "check that the peer is up and the network reaches it"
    case .busy: "another program uses it"
    default: "run again with -v to see FFmpeg's own lines"
    }
  }
}
