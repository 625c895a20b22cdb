// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import Frames
internal import Glibc
internal import Kernels

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

  /// What an output is, by its own word or its address.
  static func kind(of output: OutputConfig) throws -> OutputConfig.Kind {
    if let kind = output.kind { return kind }
    if output.uri == "null:" { return .null }
    if output.uri.hasPrefix("http:") && !output.uri.hasPrefix("http://") { return .preview }
    if output.uri.hasPrefix("hls:") || output.format != nil { return .video }
    if output.uri == "-" || PicturePattern(output.uri) != nil || output.uri.contains("://") { return .video }
    let ending = output.uri.split(separator: "/").last.map(String.init) ?? ""
    let known = ["mp4", "mkv", "mov", "m4v", "webm", "avi", "ts", "nut", "flv"]
    if let dot = ending.lastIndex(of: "."),
      known.contains(ending[ending.index(after: dot)...].lowercased())
    {
      return .video
    }
    throw RunError(
      .configuration, "write", redacted(output.uri), "its name does not say what it is",
      hint: "end it in .mp4, .mkv or .ts, or write numbered pictures such as dir/%06d.png")
  }

  /// Tells what is wrong without opening anything.
  func check() throws {
    if let encoder = config.outputs.contains(where: isVideo) ? config.encode.codec : nil,
      !EncoderOptions.available.contains(encoder)
    {
      throw FramesError(
        .unsupportedEncoder, "encode with", encoder, "this FFmpeg has no such encoder, or we do not know it",
        hint: "there are \(EncoderOptions.available.joined(separator: ", "))")
    }
    if let truth = config.outputs.first(where: { $0.kind == .truth }), !source.uri.hasPrefix("test:street") {
      throw RunError(
        .configuration, "write", truth.uri, "the source does not know the true classes",
        hint: "only test:street does")
    }
    for output in config.outputs { try check(output) }
  }

  private func check(_ output: OutputConfig) throws {
    func refuse(_ why: String, hint: String) -> RunError {
      RunError(.configuration, "write", redacted(output.uri), why, hint: hint)
    }
    let kind = try OutputFactory.kind(of: output)
    let isCuttable = output.isFile && [.video, .mask, .truth].contains(kind)
    if kind == .preview && output.listenAddress == nil {
      throw refuse("it names no port", hint: "http:8080 listens on this machine, http:0.0.0.0:8080 for all")
    }
    if isCuttable && output.partNames == nil {
      throw refuse("its name holds a directive that is not filled in", hint: "known: %Y %m %d %H %M %S %j %%")
    }
    if output.segment != nil && !isCuttable {
      throw refuse("only video files are cut into segments", hint: "leave the segment out")
    }
    if output.keep != OutputConfig.Keep() && output.segment == nil {
      throw refuse("only segments are removed", hint: "give the length of segments too, as in --segment 10m")
    }
  }

  private func isVideo(_ output: OutputConfig) -> Bool {
    (try? OutputFactory.kind(of: output)) == .video && PicturePattern(output.uri) == nil
  }

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
    let onError = output.onError ?? (output.isPush && isLive ? .continue : .stop)
    guard onError == .continue else { return .stop }
    return output.isPush ? .peer : .file
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
        HashOutput(try ChecksumWriter(output.uri, overwrite: output.overwrite), tap: output.tap)
      }
    case .preview:
      guard let board else { preconditionFailure("a preview without a board") }
      return { PreviewOutput(board, palette: palette, level: config.flow.cpu ?? .best, fps: output.fps) }
    case .png:
      try writeClassMap(beside: output)
      return {
        let folder = output.uri.hasSuffix("/") ? String(output.uri.dropLast()) : output.uri
        try makeFolder(folder)
        return LabelPictureOutput(
          folder: folder, palette: palette, numbering: numbering(output), overwrite: output.overwrite)
      }
    }
  }

  private func makeFolder(_ folder: String) throws {
    guard mkdir(folder, 0o777) != 0 && errno != EEXIST else { return }
    throw FramesError(
      .cannotCreate, "create", folder, String(cString: strerror(errno)).lowercased(),
      hint: "check the folder above it")
  }

  private func video(_ output: OutputConfig, _ kind: OutputConfig.Kind, _ path: String, shift: Int64) throws
    -> any Output
  {
    if kind == .video { return PictureOutput(try picture(output, path, shift: shift)) }
    return LabelVideoOutput(
      try labels(output, path), wantsTruth: kind == .truth, numbering: numbering(output), shift: shift)
  }

  private func picture(_ output: OutputConfig, _ path: String, shift: Int64) throws -> any FrameSink {
    var video = source.video
    if config.overlay.view == .side { video.width = (video.width + 1) / 2 * 4 }
    if let pattern = PicturePattern(output.uri) {
      return ImageSequenceWriter(pattern, overwrite: output.overwrite)
    }
    if VideoDeviceWriter.suits(path) {
      return try VideoDeviceWriter(path, video: video, interrupt: interrupt)
    }
    if let form = output.format.flatMap(RawVideoWriter.Form.init) {
      return try RawVideoWriter(path, form: form, video: video, overwrite: output.overwrite)
    }
    if let folder = output.playlistFolder { try makeFolder(folder) }
    var options = VideoWriter.Options()
    options.encoder = EncoderOptions(name: config.encode.codec)
    options.encoder.crf = config.encode.crf
    options.encoder.bitrate = config.encode.bitrate
    options.encoder.preset = config.encode.preset
    options.encoder.gop = config.encode.gop.seconds
    options.encoder.threads = threads.encoderThreads
    options.encoder.zeroLatency = isLive || output.isPush
    options.container = output.format
    options.fragment =
      output.isFastStart ? .fastStart : output.fragment.map { .every($0.seconds) } ?? Fragmentation.none
    options.overwrite = output.overwrite
    options.interrupt = interrupt
    options.metadata = ["encoder_settings": "roadmask \(model.name)"]
    options.shift = shift
    options.synchronizesFragments = synchronizesFragments(output)
    options.isEndless = isLive
    return try VideoWriter(path, video: video, audio: keepsAudio ? source.audio : [], options: options)
  }

  /// Sound stays with all pictures or goes: where pictures are dropped, theirs would be missing.
  var keepsAudio: Bool { (config.encode.audio ?? (isLive ? .none : .copy)) == .copy }

  private func labels(_ output: OutputConfig, _ path: String) throws -> LabelVideoWriter {
    try LabelVideoWriter(
      path, width: source.width, height: source.height, timeBase: source.timeBase,
      rate: source.video.rate, sampleAspectRatio: source.video.sampleAspectRatio,
      metadata: ["classes": palette.names.joined(separator: ",")], threads: threads.encoderThreads,
      overwrite: output.overwrite, synchronizesFragments: synchronizesFragments(output), interrupt: interrupt)
  }

  private func synchronizesFragments(_ output: OutputConfig) -> Bool {
    (output.sync ?? (isLive ? .fragment : .close)) == .fragment
  }

  private func numbering(_ output: OutputConfig) -> Numbering? {
    Numbering(output.ids, names: palette.names, width: source.width, height: source.height)
  }

  private func writeClassMap(beside output: OutputConfig) throws {
    let isCut = output.partNames?.isTimed == true || output.segment != nil
    let file = try TextFile(output.classMapPath, overwrite: output.overwrite || isCut)
    try file.append(ClassMap.json(palette, numbering: numbering(output)))
    try file.finish()
  }
}
