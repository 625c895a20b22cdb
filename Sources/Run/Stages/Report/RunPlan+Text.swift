// SPDX-License-Identifier: Apache-2.0

internal import Addresses
internal import CPU
internal import Frames
internal import Pixels

/// What a plan says about itself.
extension RunPlan {
  /// A report with everything that is known before the first frame.
  func emptyReport() -> Report {
    let info = source, input = targets[0]
    var report = Report(
      figures: PipelineFigures(
        ledger: Ledger(), stages: [], wallSeconds: 0, mediaSeconds: 0, deliveredSeconds: 0, warmupFrames: 0),
      process: .current)
    report.pipeline = config.name ?? "main"
    report.policy = policy
    report.input.uri = redacted(info.uri)
    report.input.codec = info.codec
    report.input.width = info.width
    report.input.height = info.height
    report.input.rate = info.video.rate.isKnown ? info.video.rate.value : nil
    report.input.isVariableRate = info.isVariableRate
    report.input.matrix = info.color.matrix.rawValue
    report.input.range = info.color.range.rawValue
    (report.kept, report.leftOut) = config.carried(of: info, keepsAudio: keepsAudio)
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

  /// What the user is told before the first frame.
  ///
  /// - Parameter memoryCeiling: bytes.
  public func startLines(memoryCeiling: Int) -> [String] {
    let input = targets[0]
    let exact = model.precision == "int8" ? (model.isExact ? " exact" : " mixed") : ""
    var lines = [
      "in   \(source.summary)",
      "net  \(model.name)  \(model.palette.names.count) classes  \(input.columns)x\(input.rows)  "
        + "\(model.precision)\(exact)  kernels \(level)",
    ]
    if let notice = model.notice { lines.append("     \(notice)") }
    lines += outputs.filter { $0.config.address != .none }.map(line)
    let (kept, leftOut) = config.carried(of: source, keepsAudio: keepsAudio)
    if !kept.isEmpty { lines.append("kept \(kept.joined(separator: ", "))") }
    if !leftOut.isEmpty { lines.append("     left out: \(leftOut.joined(separator: "; "))") }
    if config.tls.isInsecure && config.usesTLS {
      lines.append("tls  certificates are not checked (--tls-insecure)")
    }
    if let address = config.web.listen { lines.append("http \(config.web.url(of: address))metrics") }
    lines.append("run  \(policyLine(memoryCeiling))")
    return lines
  }

  /// What `--dry-run` says before the values of all keys.
  ///
  /// - Parameter modelPath: the file behind the network.
  public func lines(modelPath: String, memoryCeiling: Int) -> [String] {
    let input = networks[0].input
    return ["in         \(source.summary)"]
      + ["net        \(modelPath)  \(input.columns)x\(input.rows)  kernels \(level)"]
      + outputs.map { "out        \(redacted($0.config.uri))" }
      + ["run        \(policyLine(memoryCeiling))"]
  }

  /// "policy block (file: nothing is dropped)  2 threads  memory at most 200 MB".
  private func policyLine(_ memoryCeiling: Int) -> String {
    let reason =
      switch policy {
      case .block: "nothing is dropped"
      case .latest: "newest frame wins"
      case .dropOldest: "oldest frame goes"
      case .dropNewest: "newest frame goes"
      }
    return "policy \(policy) (\(isLive ? "live" : "file"): \(reason))  "
      + "\(threads.total) thread\(threads.total == 1 ? "" : "s")  memory at most \(Format.bytes(memoryCeiling))"
  }
}

extension RunPlan {
  private func line(_ output: OutputPlan) -> String {
    let (uri, encode) = (output.config.uri, config.encode)
    var line = "out  \(redacted(uri))"
    switch output.kind {
    case .video where output.config.isPictures: line += "  pictures"
    case .video where output.config.isUncompressed: line += "  uncompressed"
    case .video:
      var encoder = EncoderOptions(name: encode.codec)
      (encoder.crf, encoder.bitrate) = (encode.crf, encode.bitrate)
      line += "  \(encode.codec) \(encoder.quality)"
      if output.config.address.path?.hasSuffix(".mp4") == true {
        line += output.config.fragment.map { "  fragments \($0)" } ?? "  one index"
      }
      if !source.audio.isEmpty { line += "  " + config.soundText(of: source, in: output.config, keepsAudio) }
    case .hash: line += "  checksums after \(output.config.tap)"
    case .mask: line += "  labels, ffv1"
    case .truth: line += "  true labels, ffv1"
    case .png: line += "  labels, png"
    case .preview: line = "out  \(output.config.listenAddress.map(config.web.url) ?? uri)  preview"
    case .null: break
    }
    return line
  }
}

extension OverloadPolicy: CustomStringConvertible {
  public var description: String { rawValue }
}
