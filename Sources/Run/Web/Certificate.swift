// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import NIOSSL
internal import Synchronization

/// The certificate and key of a server, read again when their files were renewed.
final class Certificate: Sendable {
  /// Files in PEM form.
  struct Files: Sendable {
    var certificate: String
    var key: String
  }

  /// What tells whether a file is another than before.
  private struct Stamp: Equatable {
    var seconds = 0
    var nanoseconds = 0
    var inode: UInt = 0

    init(_ path: String) {
      var status = stat()
      guard stat(path, &status) == 0 else { return }
      (seconds, nanoseconds) = (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
      inode = UInt(status.st_ino)
    }
  }

  private struct State {
    var context: NIOSSLContext
    var stamps: [Stamp]
  }

  private let files: Files
  private let state: Mutex<State>
  /// Called with what is wrong where renewed files cannot be used; the ones before stay in use.
  private let complain: @Sendable (String) -> Void

  init(_ files: Files, complain: @escaping @Sendable (String) -> Void) throws {
    self.files = files
    self.complain = complain
    state = Mutex(State(context: try Certificate.context(files), stamps: Certificate.stamps(files)))
  }

  /// For the next connection.
  var context: NIOSSLContext {
    state.withLock { state in
      let stamps = Certificate.stamps(files)
      guard stamps != state.stamps else { return state.context }
      state.stamps = stamps
      do {
        state.context = try Certificate.context(files)
      } catch {
        complain("the renewed certificate \(files.certificate) cannot be used: \(error)")
      }
      return state.context
    }
  }

  private static func stamps(_ files: Files) -> [Stamp] { [Stamp(files.certificate), Stamp(files.key)] }

  private static func context(_ files: Files) throws -> NIOSSLContext {
    let chain = try NIOSSLCertificate.fromPEMFile(files.certificate).map {
      NIOSSLCertificateSource.certificate($0)
    }
    let key = try NIOSSLPrivateKey(file: files.key, format: .pem)
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: chain, privateKey: .privateKey(key))
    configuration.minimumTLSVersion = .tlsv12
    configuration.applicationProtocols = ["http/1.1"]
    return try NIOSSLContext(configuration: configuration)
  }
}
