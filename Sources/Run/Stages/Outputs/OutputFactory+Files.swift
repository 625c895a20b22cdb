// SPDX-License-Identifier: Apache-2.0

internal import Addresses
internal import Buffers
internal import Frames
internal import Glibc

/// Opens videos, label videos and pictures.
extension OutputFactory {
  func makeFolder(_ folder: String) throws {
    guard mkdir(folder, 0o777) != 0 && errno != EEXIST else { return }
    throw FramesError(
      .cannotCreate, "create", folder, String(cString: strerror(errno)).lowercased(),
      hint: "check the folder above it")
  }

  /// A file or stream of pictures or labels, whose times are moved by `shift` ticks.
  func video(_ output: OutputConfig, _ kind: OutputConfig.Kind, _ path: String, shift: Int64) throws
    -> any Output
  {
    if kind == .video { return PictureOutput(try picture(output, path, shift: shift)) }
    return LabelVideoOutput(
      try labels(output, path), wantsTruth: kind == .truth, numbering: numbering(output), shift: shift)
  }

  private func picture(_ output: OutputConfig, _ path: String, shift: Int64) throws -> any FrameSink {
    let (config, source, threads) = (plan.config, plan.source, plan.threads)
    var video = source.video
    if config.overlay.view == .side { video.width = (video.width + 1) / 2 * 4 }
    switch output.address {
    case .pictures(let pattern):
      if let folder = pattern.folder { try makeFolder(folder) }
      return ImageSequenceWriter(pattern, names: source.pictureNames, overwrite: output.overwrite)
    case .device(let path): return try VideoDeviceWriter(path, video: video, interrupt: interrupt)
    case .playlist(let folder): try makeFolder(folder)
    case .file, .standardOutput, .push, .page, .none: break
    }
    if let form = output.format.flatMap(RawVideoWriter.Form.init) {
      return try RawVideoWriter(path, form: form, video: video, overwrite: output.overwrite)
    }
    var options = VideoWriter.Options()
    options.encoder = EncoderOptions(name: config.encode.codec)
    options.encoder.crf = config.encode.crf
    options.encoder.bitrate = config.encode.bitrate
    options.encoder.preset = config.encode.preset
    options.encoder.gop = config.encode.gop.seconds
    options.encoder.threads = threads.encoderThreads
    options.encoder.zeroLatency = plan.isLive || output.address.isPush
    options.container = output.format
    options.fragment =
      output.isFastStart ? .fastStart : output.fragment.map { .every($0.seconds) } ?? Fragmentation.none
    options.overwrite = output.overwrite
    options.interrupt = interrupt
    options.metadata = config.encode.stripMetadata ? [:] : source.tags
    options.metadata["encoder_settings"] = "roadmask \(plan.model.name)"
    if output.segment == nil && !config.encode.stripMetadata { options.chapters = source.chapters }
    options.shift = shift
    options.trust = config.tls.trust
    options.synchronizesFragments = synchronizesFragments(output)
    options.isEndless = plan.isLive
    options.sound = config.encode.audio ?? .auto
    return try VideoWriter(
      path, video: video,
      audio: (plan.keepsAudio ? source.audio : []) + (config.encode.stripMetadata ? [] : source.beside),
      options: options)
  }

  private func labels(_ output: OutputConfig, _ path: String) throws -> LabelVideoWriter {
    let source = plan.source
    return try LabelVideoWriter(
      path, width: source.width, height: source.height, timeBase: source.timeBase,
      rate: source.video.rate, sampleAspectRatio: source.video.sampleAspectRatio,
      metadata: ["classes": plan.palette.names.joined(separator: ",")], threads: plan.threads.encoderThreads,
      overwrite: output.overwrite, synchronizesFragments: synchronizesFragments(output), interrupt: interrupt,
      trust: plan.config.tls.trust)
  }

  private func synchronizesFragments(_ output: OutputConfig) -> Bool {
    (output.sync ?? (plan.isLive ? .fragment : .close)) == .fragment
  }

  func numbering(_ output: OutputConfig) -> Numbering? {
    Numbering(output.ids, names: plan.palette.names, width: plan.source.width, height: plan.source.height)
  }

  func writeClassMap(beside output: OutputConfig) throws {
    // Standard output has no place beside it; a label video names its classes itself.
    if output.address == .standardOutput { return }
    let isCut = output.partNames?.isTimed == true || output.segment != nil
    let file = try TextFile(output.classMapPath, overwrite: output.overwrite || isCut)
    try file.append(ClassMap.json(plan.palette, numbering: numbering(output)))
    try file.finish()
  }
}
