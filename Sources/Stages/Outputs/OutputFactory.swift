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
  var interrupt: InterruptFlag

  /// What an output is, by its own word or its address.
  static func kind(of output: OutputConfig) throws -> OutputConfig.Kind {
    if let kind = output.kind { return kind }
    if output.uri == "null:" { return .null }
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
  }

  private func isVideo(_ output: OutputConfig) -> Bool {
    (try? OutputFactory.kind(of: output)) == .video && PicturePattern(output.uri) == nil
  }

  func make() throws -> [OutputSlot] {
    let outputs = config.outputs.isEmpty ? [OutputConfig(uri: "null:")] : config.outputs
    return try outputs.map { output in
      let kind = try OutputFactory.kind(of: output)
      return OutputSlot(try open(output, kind), uri: output.uri, kind: kind, onError: output.onError ?? .stop)
    }
  }

  func makeStats() throws -> StatsOutput? {
    try config.statsFile.map { path in
      try StatsOutput(
        path, names: palette.names, level: config.flow.cpu ?? .best,
        overwrite: config.outputs.contains { $0.overwrite })
    }
  }

  private func open(_ output: OutputConfig, _ kind: OutputConfig.Kind) throws -> any Output {
    switch kind {
    case .null: return NullOutput()
    case .hash:
      return HashOutput(try ChecksumWriter(output.uri, overwrite: output.overwrite), tap: output.tap)
    case .video: return PictureOutput(try picture(output))
    case .mask, .truth:
      if kind == .mask { try writeClassMap(beside: output) }
      return LabelVideoOutput(try labels(output), wantsTruth: kind == .truth, numbering: numbering(output))
    case .png:
      let folder = output.uri.hasSuffix("/") ? String(output.uri.dropLast()) : output.uri
      if mkdir(folder, 0o777) != 0 && errno != EEXIST {
        throw FramesError(
          .cannotCreate, "create", folder, String(cString: strerror(errno)).lowercased(),
          hint: "check the folder above it"
        )
      }
      try writeClassMap(beside: output)
      return LabelPictureOutput(
        folder: folder, palette: palette, numbering: numbering(output), overwrite: output.overwrite)
    }
  }

  private func picture(_ output: OutputConfig) throws -> any FrameSink {
    if let pattern = PicturePattern(output.uri) {
      return ImageSequenceWriter(pattern, overwrite: output.overwrite)
    }
    var options = VideoWriter.Options()
    options.encoder = EncoderOptions(name: config.encode.codec)
    options.encoder.crf = config.encode.crf
    options.encoder.bitrate = config.encode.bitrate
    options.encoder.preset = config.encode.preset
    options.encoder.gop = config.encode.gop.seconds
    options.encoder.threads = threads.encoderThreads
    options.encoder.zeroLatency = isLive
    options.fragment =
      output.isFastStart ? .fastStart : output.fragment.map { .every($0.seconds) } ?? Fragmentation.none
    options.overwrite = output.overwrite
    options.interrupt = interrupt
    options.metadata = ["encoder_settings": "roadmask \(model.name)"]
    var video = source.video
    if config.overlay.view == .side { video.width = (video.width + 1) / 2 * 4 }
    return try VideoWriter(output.uri, video: video, audio: keepsAudio ? source.audio : [], options: options)
  }

  /// Sound stays with all pictures or goes: where pictures are dropped, theirs would be missing.
  var keepsAudio: Bool { (config.encode.audio ?? (isLive ? .none : .copy)) == .copy }

  private func labels(_ output: OutputConfig) throws -> LabelVideoWriter {
    try LabelVideoWriter(
      output.uri, width: source.width, height: source.height, timeBase: source.timeBase,
      rate: source.video.rate, sampleAspectRatio: source.video.sampleAspectRatio,
      metadata: ["classes": palette.names.joined(separator: ",")], threads: threads.encoderThreads,
      overwrite: output.overwrite, interrupt: interrupt)
  }

  private func numbering(_ output: OutputConfig) -> Numbering? {
    Numbering(output.ids, names: palette.names, width: source.width, height: source.height)
  }

  /// `labels.mkv` gets `labels.classes.json`.
  private func writeClassMap(beside output: OutputConfig) throws {
    var stem = output.uri.hasSuffix("/") ? String(output.uri.dropLast()) : output.uri
    if output.kind == .mask, let dot = stem.lastIndex(of: "."), !stem[dot...].contains("/") {
      stem = String(stem[..<dot])
    }
    let file = try TextFile(stem + ".classes.json", overwrite: output.overwrite)
    try file.append(ClassMap.json(palette, numbering: numbering(output)))
    try file.finish()
  }
}
