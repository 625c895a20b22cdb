// SPDX-License-Identifier: Apache-2.0

import Addresses
import ArgumentParser
import Runs
import Stages

extension RunOptions {
  /// What these words ask for, `input` and `output` as on the command line.
  func makeConfig(input: String?, output: String?) throws -> PipelineConfig {
    for word in secret { Secrets.add(word, isNamed: true) }
    if logging.verbose && logging.quiet {
      throw Problem(.usage, "RM-USE-002", "-v and -q contradict each other", hint: "give one of them")
    }
    var request = RunRequest()
    request.file = config
    request.sets = set
    request.settings = settings(input: input)
    request.inputOptions = inputOption
    request.output = output
    request.outputFormat = outputFormat
    request.more = more
    (request.mask, request.maskPNG, request.truth, request.sums, request.ids) = (
      mask, maskPNG, truth, hash, ids
    )
    request.taps = tap
    request.overwrites = neverOverwrite ? false : overwrite ? true : nil
    request.outputSettings = [("--fragment", "fragment", time(fragment)), ("--sync", "sync", sync)]
    request.fileSettings = [("--segment", "segment", time(segment))]
    request.fileSettings += keep.map { ("--keep", TimeSpan($0) == nil ? "keep.size" : "keep.age", $0) }
    return try request.config()
  }

  /// Plain seconds are fine in options, while pipeline files want units.
  private func time(_ value: String?) -> String? { value.map { Double($0) == nil ? $0 : $0 + "s" } }

  /// (option, key of the pipeline file, value given).
  private func settings(input: String?) -> [RunRequest.Setting] {
    func unlessAuto(_ value: String?) -> String? { value == "auto" ? nil : value }
    return [
      ("IN", "source.uri", input),
      ("--input-format", "source.format", inputFormat),
      (live == false ? "--no-live" : "--live", "source.live", live.map { "\($0)" }),
      ("--allow-protocols", "source.allow_protocols", allowProtocols),
      ("--tls-ca", "tls.ca", tlsCA),
      ("--tls-insecure", "tls.insecure", isTLSInsecure ? "true" : nil),
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
      ("--http-user", "http.users", httpUser.isEmpty ? nil : httpUser.joined(separator: ",")),
      ("--http-tokens", "http.tokens", httpTokens),
      ("--http-host", "http.hosts", httpHost.isEmpty ? nil : httpHost.joined(separator: ",")),
      ("--tls-cert", "http.cert", tlsCert),
      ("--tls-key", "http.key", tlsKey),
      ("--insecure", "http.insecure", insecure ? "true" : nil),
      ("--trace", "inspect.trace", trace),
      ("--progress", "report.progress", logging.quiet && progress == nil ? "none" : progress),
    ]
  }
}
