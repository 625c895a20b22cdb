// SPDX-License-Identifier: Apache-2.0

public import Frames

extension SourceInfo {
  /// Opens the source that `config` names, asks what it is, and closes it.
  ///
  /// - Throws: what opening it for a run would throw.
  public static func probe(_ config: PipelineConfig) throws -> SourceInfo {
    let factory = SourceFactory(
      config: config, threads: config.threadBudget, interrupt: InterruptFlag(), journal: SourceJournal(),
      truthCount: 0)
    // A camera tells without being started, which may take it a second.
    let uri = config.source.uri
    return try Camera.suits(uri) ? Camera(uri).info(factory.cameraOptions) : factory.open().info
  }
}
