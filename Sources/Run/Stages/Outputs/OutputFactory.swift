// SPDX-License-Identifier: Apache-2.0

internal import Addresses
internal import Frames
internal import Pixels

/// Opens the outputs of a run, before its first frame, so that what is wrong with them is told at once.
struct OutputFactory {
  var config: PipelineConfig
  var source: SourceInfo
  var model: ModelDescription
  var palette: Palette
  var threads: ThreadBudget
  var isLive: Bool
  var policy: OverloadPolicy
  var interrupt: InterruptFlag
  var journal: SourceJournal
  var trailer: Trailer
  /// Where a preview is shown.
  var board: PreviewBoard?

  /// Frames that the outputs may hold beyond the one that is being delivered.
  static func held(_ config: PipelineConfig, _ policy: OverloadPolicy) throws -> Int {
    try config.outputs.reduce(1) { sum, output in
      let isPreview = try kind(of: output) == .preview
      return try sum
        + OutputLane.held(waits: waits(output, policy), places: isPreview ? 1 : OutputLane.places)
    }
  }

  private static func waits(_ output: OutputConfig, _ policy: OverloadPolicy) throws -> Bool {
    if try kind(of: output) == .preview { return false }
    return (output.onSlow ?? (policy == .block ? .block : .drop)) == .block
  }

  func make() throws -> [OutputLane] {
    let outputs = config.outputs.isEmpty ? [OutputConfig(uri: "null:")] : config.outputs
    return try outputs.map { output in
      let kind = try OutputFactory.kind(of: output)
      let account = OutputAccount(uri: output.uri, kind: kind)
      let open = try opener(output, kind)
      let slot = try OutputSlot(
        rule(of: output, kind), account: account, trailer: trailer, journal: journal, open: open)
      // Made here and handed to its lane, which alone uses it.
      nonisolated(unsafe) let own = slot
      return OutputLane(
        own, account: account, waits: try OutputFactory.waits(output, policy),
        places: kind == .preview ? 1 : OutputLane.places)
    }
  }

  func makeStats() throws -> StatsOutput? {
    try config.statsFile.map { path in
      try StatsOutput(
        path, names: palette.names, level: config.flow.cpu ?? .best,
        overwrite: config.outputs.contains { $0.overwrite }, waits: policy == .block)
    }
  }

  private func rule(of output: OutputConfig, _ kind: OutputConfig.Kind) -> OutputSlot.Rule {
    let onError = output.onError ?? (output.address.isPush && isLive ? .continue : .stop)
    guard onError == .continue else { return .stop }
    return output.address.isPush ? .peer : .file
  }

  /// Opens `output`, and opens it again after an error.
  private func opener(_ output: OutputConfig, _ kind: OutputConfig.Kind) throws -> () throws -> any Output {
    switch kind {
    case .video, .mask, .truth:
      if kind == .mask { try writeClassMap(beside: output) }
      guard let names = output.partNames else { return { try video(output, kind, output.uri, shift: 0) } }
      if let segment = output.segment {
        return {
          try SegmentedOutput(seconds: segment.seconds, names: names, keep: output.keep) { path, shift in
            try video(output, kind, path, shift: shift)
          }
        }
      }
      var isFirst = true
      return {
        defer { isFirst = false }
        return try video(output, kind, names.next(isFirst: isFirst), shift: 0)
      }
    case .null: return { NullOutput() }
    case .hash:
      return {
        HashOutput(
          try ChecksumWriter(output.address.path ?? output.uri, overwrite: output.overwrite), tap: output.tap)
      }
    case .preview:
      guard let board else { preconditionFailure("a preview without a board") }
      return { PreviewOutput(board, palette: palette, level: config.flow.cpu ?? .best, fps: output.fps) }
    case .png:
      try writeClassMap(beside: output)
      return {
        let folder = output.pictureFolder
        try makeFolder(folder)
        return LabelPictureOutput(
          folder: folder, palette: palette, numbering: numbering(output), overwrite: output.overwrite)
      }
    }
  }
}
