// SPDX-License-Identifier: Apache-2.0

internal import Addresses
internal import CFFmpeg
internal import Glibc

/// Whose certificates are trusted on encrypted connections, those of sources as those of peers.
public struct TLSTrust: Sendable, Hashable {
  /// A file of certificates in PEM to trust in place of the system's; one of a camera itself may be in it.
  public var authorities: String?
  /// Any certificate is taken: whoever is on the way may listen and answer.
  public var isInsecure = false

  public init(authorities: String? = nil, isInsecure: Bool = false) {
    self.authorities = authorities
    self.isInsecure = isInsecure
  }

  /// Adds FFmpeg's options for the layer below `https`, `rtmps` and the like, but for those that are set.
  func set(in options: UnsafeMutablePointer<OpaquePointer?>) {
    av_dict_set(options, "tls_verify", isInsecure ? "0" : "1", AV_DICT_DONT_OVERWRITE)
    if let authorities { av_dict_set(options, "ca_file", authorities, AV_DICT_DONT_OVERWRITE) }
  }

  /// Tells what keeps the certificate behind an address from being checked.
  ///
  /// - Parameter isKnown: whether the reader or writer of RTSP takes `tls_verify`; FFmpeg before 8 has none that does.
  /// - Throws: untrusted; notFound or permission where `authorities` cannot be read.
  func check(_ text: String, _ operation: String, isKnown: Bool) throws {
    guard let stream = StreamAddress(text), stream.isEncrypted else { return }
    if let authorities, access(authorities, R_OK) != 0 {
      throw FramesError(
        errno: errno, "read", authorities, hint: "--tls-ca names a file of certificates in PEM")
    }
    if stream.isRTSP && !isInsecure && !isKnown {
      throw FramesError(
        .untrusted, operation, text, "this FFmpeg cannot check the certificate behind rtsps",
        hint: "--tls-insecure takes any, or use rtsp inside a network that you trust")
    }
  }

  /// The error for a connection that broke while it was being secured.
  static func refusal(_ text: String, _ operation: String) -> FramesError {
    FramesError(
      .untrusted, operation, text,
      "no secure connection: its certificate is not of this name, not of an authority that is trusted, or old",
      hint: "--tls-ca FILE trusts a certificate of your own, --tls-insecure any")
  }
}
