// SPDX-License-Identifier: Apache-2.0

internal import Addresses
internal import Frames
internal import Pixels

/// Opens the outputs of a run, before its first frame, so that what is wrong with them is told at once.
struct OutputFactory {
  var plan: RunPlan
  var interrupt: InterruptFlag
  var journal: SourceJournal
  var trailer: Trailer
  /// Where a preview is shown.
  var board: PreviewBoard?

  func make() throws -> [OutputLane] {
    try plan.outputs.map { output in
      let account = OutputAccount(uri: output.config.uri, kind: output.kind)
      let open = try opener(output.config, output.kind)
      let slot = try OutputSlot(output.rule, account: account, trailer: trailer, journal: journal, open: open)
      // Made here and handed to its lane, which alone uses it.
      nonisolated(unsafe) let own = slot
      return OutputLane(own, account: account, waits: output.waits, places: output.places)
    }
  }

  func makeStats() throws -> StatsOutput? {
    try plan.config.statsFile.map { path in
      try StatsOutput(
        path, names: plan.palette.names, level: plan.level,
        overwrite: plan.config.outputs.contains { $0.overwrite }, waits: plan.policy == .block)
    }
  }

  func makeTrace() throws -> RunTrace? {
    try plan.config.inspection.trace.map { path in
      try RunTrace(path, overwrite: plan.config.outputs.contains { $0.overwrite })
    }
  }

  func makeTaps() throws -> StageTaps {
    let taps = plan.config.inspection.taps
    for folder in taps.folders { try makeFolder(folder) }
    return StageTaps(
      folders: taps, overwrite: plan.config.outputs.contains { $0.overwrite }, palette: plan.palette,
      networks: plan.networks)
  }

  /// Opens `output`, and opens it again after an error.
  private func opener(_ output: OutputConfig, _ kind: OutputConfig.Kind) throws -> () throws -> any Output {
    switch kind {
    case .video, .mask, .truth:
      if kind == .mask { try writeClassMap(beside: output) }
      guard let names = output.partNames else { return { try video(output, kind, output.uri, shift: 0) } }
      if let segment = output.segment {
        return {
          try SegmentedOutput(
            seconds: segment.seconds, names: names, keep: output.keep,
            warn: { [journal] in journal.note(SourceEvent(.warning, $0)) },
            open: { path, shift in try video(output, kind, path, shift: shift) })
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
      return { PreviewOutput(board, palette: plan.palette, level: plan.level, fps: output.fps) }
    case .png:
      try writeClassMap(beside: output)
      return {
        let folder = output.pictureFolder
        try makeFolder(folder)
        return LabelPictureOutput(
          folder: folder, names: plan.source.pictureNames, palette: plan.palette,
          numbering: numbering(output),
          overwrite: output.overwrite)
      }
    }
  }
}
