// SPDX-License-Identifier: Apache-2.0

import Addresses
import ArgumentParser
import Foundation
import Frames
import Runs
import Stages

extension RunOptions {
  /// The run that the pipeline file, `--set` and the options describe; an option beats `--set`, which beats
  /// the file, which beats the default.
  ///
  /// - Parameters:
  ///   - input: as on the command line; `nil` leaves what the file says.
  ///   - output: likewise.
  func makeConfig(input: String?, output: String?) throws -> PipelineConfig {
    var config = try config.map(PipelineConfig.load) ?? PipelineConfig()
    for word in set { try config.set(word) }
    for (option, key, value) in settings(input: input) {
      guard let value else { continue }
      do {
        try config.set("\(key)=\(value)")
      } catch let error as ConfigError {
        // The user wrote an option, and knows no key.
        throw Problem(.usage, "RM-USE-002", "\(option) cannot be '\(value)'", hint: error.hint)
      }
    }
    for word in inputOption {
      guard let equals = word.firstIndex(of: "="), equals > word.startIndex else {
        throw Problem(
          .usage, "RM-USE-002", "--input-option cannot be '\(word)'",
          hint: "write key=value, as in fflags=nobuffer")
      }
      config.source.options[String(word[..<equals])] = String(word[word.index(after: equals)...])
    }
    try addOutputs(to: &config, output: output)
    config.hideSecrets()
    if logging.verbose && logging.quiet {
      throw Problem(.usage, "RM-USE-002", "-v and -q contradict each other", hint: "give one of them")
    }
    return config
  }

  /// Plain seconds are fine in options, while pipeline files want units.
  private func time(_ value: String?) -> String? { value.map { Double($0) == nil ? $0 : $0 + "s" } }

  /// (option, key of the pipeline file, value given).
  private func settings(input: String?) -> [(String, String, String?)] {
    func unlessAuto(_ value: String?) -> String? { value == "auto" ? nil : value }
    return [
      ("IN", "source.uri", input),
      ("--input-format", "source.format", inputFormat),
      (live == false ? "--no-live" : "--live", "source.live", live.map { "\($0)" }),
      ("--rtsp-transport", "source.transport", rtspTransport),
      ("--connect-timeout", "source.timeout.connect", time(connectTimeout)),
      ("--stall-timeout", "source.timeout.stall", time(stallTimeout)),
      ("--reconnect", "source.reconnect.attempts", reconnect),
      ("--discard-corrupt", "stages.decode.discard_corrupt", discardCorrupt ? "true" : nil),
      ("--ss", "source.start", time(ss)),
      ("--to", "source.end", time(to)),
      ("-t", "source.duration", time(duration)),
      ("--frames", "source.frames", frames),
      ("--stride", "source.stride", stride),
      ("--track", "source.track", track),
      ("--size", "source.size", unlessAuto(size)),
      ("--rate", "source.rate", unlessAuto(rate)),
      ("--pixel-format", "source.pixel_format", unlessAuto(pixelFormat)),
      ("--rotate", "stages.decode.rotate", unlessAuto(rotate)),
      ("--color", "stages.decode.color", unlessAuto(color)),
      ("--range", "stages.decode.range", unlessAuto(range)),
      ("--deinterlace", "stages.decode.deinterlace", deinterlace),
      ("--hdr", "stages.decode.hdr", hdr),
      ("--strip-metadata", "stages.encode.strip_metadata", stripMetadata ? "true" : nil),
      ("--max-errors", "stages.decode.max_errors", maxErrors),
      ("--model", "model.file", model),
      ("--precision", "model.precision", precision),
      ("--infer-size", "model.size", inferSize),
      ("--fit", "stages.resize.fit", fit),
      ("--threads", "pipeline.threads", unlessAuto(threads)),
      ("--cpu", "pipeline.cpu", unlessAuto(cpu)),
      ("--on-overload", "pipeline.policy", onOverload),
      ("--queue", "pipeline.queue", queue),
      ("--in-flight", "pipeline.in_flight", inFlight),
      ("--latency-budget", "pipeline.latency_budget", time(latencyBudget)),
      ("--adapt", "pipeline.adapt", adapt),
      ("--view", "stages.overlay.view", view),
      ("--alpha", "stages.overlay.alpha", alpha),
      ("--filter", "stages.argmax.filter", filter),
      ("--palette", "stages.overlay.palette", palette),
      ("--encoder", "stages.encode.codec", encoder),
      ("--crf", "stages.encode.crf", crf),
      ("--bitrate", "stages.encode.bitrate", bitrate),
      ("--preset", "stages.encode.preset", preset),
      ("--audio", "stages.encode.audio", audio),
      ("--stats", "stats.file", stats),
      ("--report", "report.format", report),
      ("--report-file", "report.file", reportFile),
      ("--metrics", "http.listen", metrics),
      ("--progress", "report.progress", logging.quiet && progress == nil ? "none" : progress),
    ]
  }

  private func addOutputs(to config: inout PipelineConfig, output: String?) throws {
    let isOpen = config.outputs.isEmpty && more.isEmpty && !config.source.uri.isEmpty
    if let output = output ?? (isOpen ? Self.defaultOutput(for: config.source.address) : nil) {
      // The output of the command line stands for the file's picture.
      config.outputs.removeAll { $0.kind == nil || $0.kind == .video || $0.kind == .null }
      config.outputs.insert(OutputConfig(uri: output, kind: nil), at: 0)
      config.outputs[0].format = outputFormat
    }
    func add(_ uri: String?, _ kind: OutputConfig.Kind, tap: OutputConfig.Tap = .argmax) throws {
      guard let uri else { return }
      var output = OutputConfig(uri: uri, kind: kind)
      output.tap = tap
      if let ids {
        guard let known = OutputConfig.Ids(rawValue: ids) else {
          throw Problem(.usage, "RM-USE-002", "--ids \(ids): there are no such ids", hint: "train or label")
        }
        output.ids = known
      }
      config.outputs.append(output)
    }
    for uri in more { config.outputs.append(OutputConfig(uri: uri, kind: nil)) }
    try add(mask, .mask)
    try add(maskPNG, .png)
    try add(truth, .truth)
    for word in hash {
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 2 else {
        try add(word, .hash)
        continue
      }
      guard let tap = OutputConfig.Tap(rawValue: parts[0]) else {
        throw Problem(
          .usage, "RM-USE-002", "--hash \(word): no checksums are taken after '\(parts[0])'",
          hint: "decode, argmax or overlay")
      }
      try add(parts[1], .hash, tap: tap)
    }
    for index in config.outputs.indices {
      if overwrite { config.outputs[index].overwrite = true }
      if neverOverwrite { config.outputs[index].overwrite = false }
      for (option, key, value) in outputSettings(of: config.outputs[index]) {
        guard let value else { continue }
        do {
          try config.set("outputs.\(index).\(key)=\(value)")
        } catch let error as ConfigError {
          throw Problem(.usage, "RM-USE-002", "\(option) cannot be '\(value)'", hint: error.hint)
        }
      }
    }
  }

  /// The options that hold for all outputs they can hold for: (option, key, value given).
  private func outputSettings(of output: OutputConfig) -> [(String, String, String?)] {
    let isCut = [nil, .video, .mask, .truth].contains(output.kind) && output.isFile
    let keeps = keep.map { ("--keep", TimeSpan($0) == nil ? "keep.size" : "keep.age", $0) }
    return [
      ("--fragment", "fragment", time(fragment)),
      ("--sync", "sync", sync),
      ("--segment", "segment", isCut ? time(segment) : nil),
    ] + (isCut ? keeps.map { ($0, $1, String?.some($2)) } : [])
  }

  /// `<stem>.seg.mp4` beside a file or folder, else nothing.
  private static func defaultOutput(for address: SourceAddress) -> String {
    guard let uri = address.path, !uri.hasPrefix("/dev/"), !uri.contains("*") else { return "null:" }
    var isFolder: ObjCBool = false
    _ = FileManager.default.fileExists(atPath: uri, isDirectory: &isFolder)
    var stem = uri
    while stem.count > 1, stem.hasSuffix("/") { stem.removeLast() }
    if !isFolder.boolValue, let dot = stem.lastIndex(of: "."), !stem[dot...].contains("/") {
      stem = String(stem[..<dot])
    }
    // A percent sign of the name is no directive of ours.
    return stem.replacing("%", with: "%%") + ".seg.mp4"
  }
}
