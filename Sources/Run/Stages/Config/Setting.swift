// SPDX-License-Identifier: Apache-2.0

internal import Addresses
internal import Frames

/// One key of a pipeline file: its path, what may be written there, and how to set and show it.
struct Setting<Root: Sendable>: Sendable {
  enum Problem: Error {
    case form(String)
    case range(ClosedRange<Double>)
  }

  let path: String
  let form: String
  /// A list of words may stand there, as in `[1s, 30s]`.
  let isList: Bool
  let set: @Sendable (inout Root, String) throws(Problem) -> Void
  let show: @Sendable (Root) -> String

  init<Value: ConfigValue>(
    _ path: String, _ property: any WritableKeyPath<Root, Value> & Sendable,
    in range: ClosedRange<Double>? = nil
  ) {
    self.path = path
    form = Value.form
    isList = Value.isList
    set = { (root: inout Root, text: String) throws(Problem) in
      guard let value = Value(configText: text) else { throw .form(Value.form) }
      if let range, let number = value.limitable, !range.contains(number) { throw .range(range) }
      root[keyPath: property] = value
    }
    show = { $0[keyPath: property].configText }
  }

  /// A value that may be left out: `none` is no value, `auto` is `standard`.
  init<Value: ConfigValue & Sendable>(
    _ path: String, _ property: any WritableKeyPath<Root, Value?> & Sendable, auto standard: Value,
    in range: ClosedRange<Double>? = nil
  ) {
    self.path = path
    form = Optional<Value>.form
    isList = Value.isList
    set = { (root: inout Root, text: String) throws(Problem) in
      switch text {
      case "none": root[keyPath: property] = nil
      case "auto": root[keyPath: property] = standard
      default:
        guard let value = Value(configText: text) else { throw .form(Optional<Value>.form) }
        if let range, let number = value.limitable, !range.contains(number) { throw .range(range) }
        root[keyPath: property] = value
      }
    }
    show = { $0[keyPath: property]?.configText ?? "none" }
  }

  /// A word that must be one of `words`.
  init(_ path: String, _ property: any WritableKeyPath<Root, String> & Sendable, among words: [String]) {
    self.path = path
    let form = words.joined(separator: ", ")
    self.form = form
    isList = false
    set = { (root: inout Root, text: String) throws(Problem) in
      guard words.contains(text) else { throw .form(form) }
      root[keyPath: property] = text
    }
    show = { $0[keyPath: property] }
  }

  private init(_ other: Setting, path: String) {
    self.path = path
    (form, isList, set, show) = (other.form, other.isList, other.set, other.show)
  }

  func moved(under prefix: String) -> Setting { Setting(self, path: "\(prefix).\(path)") }
}

extension PipelineConfig {
  /// All keys but the lists. Their order is the order in which they are shown.
  static let settings: [Setting<PipelineConfig>] = [
    Setting("version", \.version, in: 1...1),
    Setting("name", \.name),
    Setting("source.uri", \.source.uri),
    Setting("source.live", \.source.isLive),
    Setting("source.start", \.source.start),
    Setting("source.end", \.source.end),
    Setting("source.duration", \.source.duration),
    Setting("source.frames", \.source.frames, in: 1...1e12),
    Setting("source.stride", \.source.stride, in: 1...1e6),
    Setting("source.track", \.source.track, in: 1...1000),
    Setting("source.format", \.source.format),
    Setting("source.allow_protocols", \.source.allowedProtocols),
    Setting("source.transport", \.source.transport),
    Setting("source.reconnect.attempts", \.source.reconnect.attempts),
    Setting("source.reconnect.backoff", \.source.reconnect.backoff),
    Setting("source.reconnect.jitter", \.source.reconnect.jitter, in: 0...1),
    Setting("source.size", \.source.size),
    Setting("source.rate", \.source.rate, in: 0.01...1000),
    Setting("source.pixel_format", \.source.pixelFormat),
    Setting("source.timeout.connect", \.source.connectTimeout),
    Setting("source.timeout.stall", \.source.stallTimeout),
    Setting("model.file", \.model.file),
    Setting("model.precision", \.model.precision),
    Setting("model.size", \.model.size),
    Setting("pipeline.policy", \.flow.policy),
    Setting("pipeline.queue", \.flow.queue, in: 1...1000),
    Setting("pipeline.in_flight", \.flow.inFlight, in: 1...1000),
    Setting("pipeline.latency_budget", \.flow.latencyBudget),
    Setting("pipeline.adapt", \.flow.adapt),
    Setting("pipeline.threads", \.flow.threads, in: 1...1024),
    Setting("pipeline.cpu", \.flow.cpu),
    Setting("stages.decode.rotate", \.decode.rotate),
    Setting("stages.decode.color", \.decode.matrix),
    Setting("stages.decode.range", \.decode.range),
    Setting("stages.decode.discard_corrupt", \.decode.discardCorrupt),
    Setting("stages.decode.deinterlace", \.decode.deinterlace),
    Setting("stages.decode.hdr", \.decode.hdr),
    Setting("stages.decode.max_errors", \.decode.maxErrors, in: 0...1),
    Setting("stages.resize.fit", \.resize.fit),
    Setting("stages.argmax.filter", \.argmax.filter),
    Setting("stages.overlay.view", \.overlay.view),
    Setting("stages.overlay.alpha", \.overlay.alpha, in: 0...1),
    Setting("stages.overlay.palette", \.overlay.palette),
    Setting("stages.encode.codec", \.encode.codec),
    Setting("stages.encode.crf", \.encode.crf, in: 0...51),
    Setting("stages.encode.bitrate", \.encode.bitrate, in: 1000...1e9),
    Setting("stages.encode.preset", \.encode.preset, among: EncoderOptions.presets),
    Setting("stages.encode.gop", \.encode.gop),
    Setting("stages.encode.audio", \.encode.audio),
    Setting("stages.encode.strip_metadata", \.encode.stripMetadata),
    Setting("stats.file", \.statsFile),
    Setting("report.format", \.report.format),
    Setting("report.file", \.report.file),
    Setting("report.progress", \.report.progress),
    Setting("report.period", \.report.period, auto: ReportOptions.usualPeriod, in: 1...1e6),
    Setting("tls.ca", \.tls.authorities),
    Setting("tls.insecure", \.tls.isInsecure),
    Setting("http.listen", \.web.listen),
    Setting("http.users", \.web.users),
    Setting("http.tokens", \.web.tokens),
    Setting("http.hosts", \.web.hosts),
    Setting("http.cert", \.web.certificate),
    Setting("http.key", \.web.key),
    Setting("http.insecure", \.web.isInsecure),
    Setting("restart.policy", \.restart.policy),
    Setting("restart.backoff", \.restart.backoff),
    Setting("inspect.trace", \.inspection.trace),
    Setting("inspect.tap.decode", \.inspection.taps.decode),
    Setting("inspect.tap.resize", \.inspection.taps.resize),
    Setting("inspect.tap.infer", \.inspection.taps.infer),
    Setting("inspect.tap.argmax", \.inspection.taps.argmax),
    Setting("inspect.tap.overlay", \.inspection.taps.overlay),
  ]

  /// Every key with its value as it would be written, the outputs numbered from 0.
  public var shown: [(key: String, value: String)] {
    var lines = PipelineConfig.settings.map { (key: $0.path, value: $0.show(self)) }
    lines += source.options.sorted { $0.key < $1.key }.map {
      ("source.options.\($0.key)", Secrets.shown($0.value, ofOption: $0.key))
    }
    for (index, output) in outputs.enumerated() {
      lines += OutputConfig.settings.map { ("outputs.\(index).\($0.path)", $0.show(output)) }
    }
    return lines.map { ($0.key, Secrets.hidden(in: redacted($0.value))) }
  }
}

extension OutputConfig {
  static let settings: [Setting<OutputConfig>] = [
    Setting("uri", \.uri),
    Setting("kind", \.kind),
    Setting("ids", \.ids),
    Setting("fragment", \.fragment, auto: OutputConfig.usualFragment),
    Setting("faststart", \.isFastStart),
    Setting("overwrite", \.overwrite),
    Setting("on_error", \.onError),
    Setting("on_slow", \.onSlow),
    Setting("sync", \.sync),
    Setting("segment", \.segment, in: 1...1e6),
    Setting("keep.age", \.keep.age),
    Setting("keep.size", \.keep.size),
    Setting("keep.min_free", \.keep.minFree),
    Setting("fps", \.fps, in: 0.1...60),
    Setting("format", \.format),
    Setting("stage", \.tap),
  ]
}
