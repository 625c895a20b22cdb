// SPDX-License-Identifier: Apache-2.0

internal import Addresses
internal import Frames

extension PipelineConfig {
  /// An address of it leads over an encrypted connection.
  var usesTLS: Bool {
    ([source.uri] + outputs.map(\.uri)).contains { StreamAddress($0)?.isEncrypted == true }
  }
}

extension PipelineConfig.TLS {
  var trust: TLSTrust { TLSTrust(authorities: authorities, isInsecure: isInsecure) }
}

extension PipelineConfig.Source {
  /// `allowedProtocols`, one by one.
  var protocols: [String] { (allowedProtocols ?? "").split { ", ".contains($0) }.map(String.init) }
}
