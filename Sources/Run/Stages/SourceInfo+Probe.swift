// SPDX-License-Identifier: Apache-2.0

public import Frames

extension SourceInfo {
  /// Opens the source that `config` names, asks what it is, and closes it.
  ///
  /// - Throws: what opening it for a run would throw.
  public static func probe(_ config: PipelineConfig) throws -> SourceInfo {
    try OpenedSource(config).info
  }
}
