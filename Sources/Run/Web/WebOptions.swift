// SPDX-License-Identifier: Apache-2.0

/// Who a server lets in, by which names it is called, and whether it speaks in secret.
public struct WebOptions: Sendable {
  public var access: Access
  /// Names that it answers to besides those of this machine, as a proxy or a name server gives them.
  public var hosts: [String]
  /// Files in PEM form: the chain of certificates, and the key (in the same file where `nil`). They are read again
  /// when they are renewed.
  public var certificate: String?
  public var key: String?

  public init(
    access: Access = Access(), hosts: [String] = [], certificate: String? = nil, key: String? = nil
  ) {
    self.access = access
    self.hosts = hosts
    self.certificate = certificate
    self.key = key
  }

  public var isTLS: Bool { certificate != nil }
}
