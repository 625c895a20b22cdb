// SPDX-License-Identifier: Apache-2.0

internal import Addresses
internal import CPU
internal import Frames
internal import Pixels

extension PipelineConfig {
  /// `threads`, or what the process may use.
  public var threadBudget: ThreadBudget { flow.threads.map { ThreadBudget(total: $0) } ?? .available }

  /// The policy, as far as the address tells; some are known to be live only once they are open.
  public var likelyPolicy: OverloadPolicy {
    pipelineOptions(comesLive: SourceFactory.isLive(source)).policy
  }

  /// The options of the pipeline, with what the source decides filled in.
  ///
  /// - Parameter comesLive: the frames of the source come when they come.
  func pipelineOptions(comesLive: Bool) -> PipelineOptions {
    let isLive = source.isLive ?? comesLive
    var options = PipelineOptions()
    options.policy = flow.policy ?? (isLive ? .latest : .block)
    options.places = flow.queue ?? (options.policy == .block ? 4 : 1)
    // Behind a frame that the network saw, others follow that it did not.
    options.inFlight = flow.inFlight ?? (isLive ? (flow.adapt == .skip ? 4 : 2) : nil)
    options.latencyBudget = flow.latencyBudget?.nanoseconds
    options.isPaced = isLive && !comesLive
    return options
  }

  /// What lets the network do less, where that is asked for.
  ///
  /// - Parameter inputs: of the network, and of the same for smaller pictures.
  func adaptation(of inputs: [ModelInputFormat], under policy: OverloadPolicy) throws -> Adaptation? {
    try checkAdaptation(under: policy)
    let budget = flow.latencyBudget?.nanoseconds
    switch flow.adapt {
    case .none: return nil
    case .skip: return Adaptation(skippingWithin: budget)
    case .resolution: return Adaptation(inputs: inputs, within: budget)
    }
  }

  /// - Throws: `RunError` where the network shall do less although no frame is ever dropped.
  public func checkAdaptation(under policy: OverloadPolicy) throws {
    guard flow.adapt != .none, policy == .block else { return }
    throw RunError(
      .configuration, "adapt the network to", redacted(source.uri),
      "its frames wait until the network is ready (policy block), so it is never late",
      hint: "adapt is for live sources: cameras, streams, or any source with --live")
  }

  /// The palette to draw in: the model's, or a built-in one of as many classes.
  func palette(of model: ModelDescription) throws -> Palette {
    guard let palette = try builtInPalette(), let name = overlay.palette else { return model.palette }
    guard palette.names.count == model.palette.names.count else {
      throw RunError(
        .configuration, "draw with", "palette '\(name)'",
        "it has \(palette.names.count) classes, \(model.name) has \(model.palette.names.count)",
        hint: "leave it out to use the model's")
    }
    return Palette(names: model.palette.names, colors: palette.colors)
  }

  /// A report with everything that is known before the first frame.
  func emptyReport(
    source info: SourceInfo, policy: OverloadPolicy, model: ModelDescription, input: ModelInputFormat,
    threads: ThreadBudget, level: CPULevel
  ) -> Report {
    var report = Report(
      figures: PipelineFigures(
        ledger: Ledger(), stages: [], wallSeconds: 0, mediaSeconds: 0, deliveredSeconds: 0, warmupFrames: 0),
      process: .current)
    report.pipeline = name ?? "main"
    report.policy = policy
    report.input.uri = redacted(info.uri)
    report.input.codec = info.codec
    report.input.width = info.width
    report.input.height = info.height
    report.input.rate = info.video.rate.isKnown ? info.video.rate.value : nil
    report.input.isVariableRate = info.isVariableRate
    report.input.matrix = info.color.matrix.rawValue
    report.input.range = info.color.range.rawValue
    (report.kept, report.leftOut) = carried(
      of: info, keepsAudio: (encode.audio ?? (policy == .block ? .auto : SoundMode.none)) != .none)
    var described = Report.Model()
    described.name = model.name
    described.sha256 = model.sha256
    described.precision = model.precision
    described.isExact = model.isExact
    described.width = input.columns
    described.height = input.rows
    described.classes = model.palette.names.count
    described.license = model.license
    report.model = described
    report.machine.cpu = CPULevel.cpuName
    report.machine.level = level.rawValue
    report.machine.threads = threads.total
    report.machine.cpus = ThreadBudget.available.total
    return report
  }

  func startLines(
    source info: SourceInfo, isLive: Bool, policy: OverloadPolicy, model: ModelDescription,
    input: ModelInputFormat, level: CPULevel, threads: ThreadBudget, memoryCeiling: Int, keepsAudio: Bool
  ) -> [String] {
    let exact = model.precision == "int8" ? (model.isExact ? " exact" : " mixed") : ""
    var lines = [
      "in   \(info.summary)",
      "net  \(model.name)  \(model.palette.names.count) classes  \(input.columns)x\(input.rows)  "
        + "\(model.precision)\(exact)  kernels \(level)",
    ]
    if let notice = model.notice { lines.append("     \(notice)") }
    for output in outputs where output.address != .none {
      var line = "out  \(redacted(output.uri))"
      let kind = try? OutputFactory.kind(of: output)
      switch kind {
      case .video? where output.isPictures: line += "  pictures"
      case .video? where output.isUncompressed: line += "  uncompressed"
      case .video?:
        var encoder = EncoderOptions(name: encode.codec)
        (encoder.crf, encoder.bitrate) = (encode.crf, encode.bitrate)
        line += "  \(encode.codec) \(encoder.quality)"
        if output.address.path?.hasSuffix(".mp4") == true {
          line += output.fragment.map { "  fragments \($0)" } ?? "  one index"
        }
        if !info.audio.isEmpty { line += "  " + soundText(of: info, in: output, keepsAudio) }
      case .hash?: line += "  checksums after \(output.tap)"
      case .mask?: line += "  labels, ffv1"
      case .truth?: line += "  true labels, ffv1"
      case .png?: line += "  labels, png"
      case .preview?: line = "out  \(output.listenAddress?.url ?? output.uri)  preview"
      default: break
      }
      lines.append(line)
    }
    let (kept, leftOut) = carried(of: info, keepsAudio: keepsAudio)
    if !kept.isEmpty { lines.append("kept \(kept.joined(separator: ", "))") }
    if !leftOut.isEmpty { lines.append("     left out: \(leftOut.joined(separator: "; "))") }
    if let address = httpListen { lines.append("http \(address.url)metrics") }
    let reason =
      switch policy {
      case .block: "nothing is dropped"
      case .latest: "newest frame wins"
      case .dropOldest: "oldest frame goes"
      case .dropNewest: "newest frame goes"
      }
    lines.append(
      "run  policy \(policy) (\(isLive ? "live" : "file"): "
        + "\(reason))  \(threads.total) thread\(threads.total == 1 ? "" : "s")  "
        + "memory at most \(Format.bytes(memoryCeiling))")
    return lines
  }
}

extension PipelineConfig {
  /// What of the source beside its pictures is in the films of the run, and what is not, each in words.
  func carried(of info: SourceInfo, keepsAudio: Bool) -> (kept: [String], leftOut: [String]) {
    let films = outputs.filter { output in
      (try? OutputFactory.kind(of: output)) == .video && !output.isUncompressed
        && !output.isPictures
    }
    var kept: [String] = [], leftOut: [String] = []
    func add(_ word: String, to list: inout [String]) { if !list.contains(word) { list.append(word) } }
    for output in films {
      let place = films.count > 1 ? " in \(redacted(output.uri))" : ""
      if encode.stripMetadata {
        if !info.tags.isEmpty || !info.chapters.isEmpty {
          add("tags and chapters (--strip-metadata)" + place, to: &leftOut)
        }
      } else {
        if !info.tags.isEmpty {
          add("\(info.tags.count) tag\(info.tags.count == 1 ? "" : "s")" + place, to: &kept)
        }
        if !info.chapters.isEmpty { add("\(info.chapters.count) chapters" + place, to: &kept) }
      }
      let tracks = (keepsAudio ? info.audio : []) + info.beside
      let fates = VideoWriter.soundFates(
        of: tracks, in: output.uri, container: output.format, encode.audio ?? .auto)
      for (track, fate) in zip(tracks, fates) {
        let name = "\(track.kind.rawValue) \(track.codec)"
        switch fate {
        case .copied: add(name + place, to: &kept)
        case .transcoded(let encoder): add("\(name) as \(encoder)" + place, to: &kept)
        case .leftOut(let why): add("\(name) (\(why))" + place, to: &leftOut)
        }
      }
      if !keepsAudio {
        for track in info.audio { add("sound \(track.codec) (--audio none)" + place, to: &leftOut) }
      }
      if info.clipsHaveMore { add("chapters, subtitles and data of the recordings", to: &leftOut) }
      for camera in info.otherCameras {
        add("the recordings of \(camera) ('*-\(camera).*' plays them)", to: &leftOut)
      }
      let others = info.tracks.filter { $0.number != info.track && $0.kind == .film }
      for track in others {
        add("picture track \(track.number) (--track \(track.number) reads it)", to: &leftOut)
      }
    }
    return (kept, leftOut)
  }

  /// What becomes of the sound in `output`: `audio copied`, `audio alac copied, pcm_s16le to aac`.
  private func soundText(of info: SourceInfo, in output: OutputConfig, _ keepsAudio: Bool) -> String {
    guard keepsAudio else { return "no audio" }
    let fates = VideoWriter.soundFates(
      of: info.audio, in: output.uri, container: output.format, encode.audio ?? .auto)
    let texts = zip(info.audio, fates).map { track, fate in
      switch fate {
      case .copied: info.audio.count == 1 ? "copied" : "\(track.codec) copied"
      case .transcoded(let encoder): "\(track.codec) to \(encoder)"
      case .leftOut(let why): "\(track.codec) left out (\(why))"
      }
    }
    return "audio " + texts.joined(separator: ", ")
  }
}

extension OverloadPolicy: CustomStringConvertible {
  public var description: String { rawValue }
}
