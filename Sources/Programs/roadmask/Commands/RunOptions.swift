// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Runs
import Stages

/// The options that describe a run, shared by `run` and `bench`. What is not given stays with the pipeline
/// file, and else with the defaults of `PipelineConfig`.
struct RunOptions: ParsableArguments {
  // Input.

  @Option(help: "Read the source as this format of FFmpeg. (default: by its contents)")
  var inputFormat: String?

  @Option(
    help: ArgumentHelp("Set an option of FFmpeg for the source; may stand often.", valueName: "key=value"))
  var inputOption: [String] = []

  @Option(
    help: ArgumentHelp(
      "Let a source open whatever it names by these, as in file,https. (default: what is of its kind)",
      valueName: "list"))
  var allowProtocols: String?

  @Option(
    name: .customLong("tls-ca"),
    help: ArgumentHelp("Trust the certificates in this PEM file. (default: the system's)", valueName: "file"))
  var tlsCA: String?

  @Flag(
    name: .customLong("tls-insecure"),
    help: "Take any certificate of a source or peer: whoever is on the way may listen.")
  var isTLSInsecure = false

  @Option(
    help: ArgumentHelp(
      "Hide this text in all that is said, such as a key in a path; may stand often.", valueName: "text"))
  var secret: [String] = []

  @Flag(
    inversion: .prefixedNo,
    help: "Pace a file by its timestamps and drop what is late; or drop nothing.")
  var live: Bool?

  @Option(help: .key("source.transport", "Packets of RTSP over tcp, udp or auto."))
  var rtspTransport: String?

  @Option(help: .key("source.timeout.connect", "How long connecting to a source may take."))
  var connectTimeout: String?

  @Option(help: .key("source.timeout.stall", "How long a source may give nothing."))
  var stallTimeout: String?

  @Option(
    help:
      "Tries to reopen a lost source: N, forever, never. (default: \(PipelineConfig.Source.Reconnect.usual))")
  var reconnect: String?

  @Flag(help: "Leave damaged frames out.")
  var discardCorrupt = false

  @Option(help: "Begin at this time: seconds, or [HH:]MM:SS[.mmm].")
  var ss: String?

  @Option(help: "End at this time of the source.")
  var to: String?

  @Option(name: [.customShort("t"), .customLong("duration")], help: "Stop after this much of the source.")
  var duration: String?

  @Option(help: "Stop after N frames.")
  var frames: String?

  @Option(help: .key("source.stride", "Use every N-th frame."))
  var stride: String?

  @Option(help: "Picture track, from 1; 'roadmask probe' lists them. (default: the film)")
  var track: String?

  @Option(help: "Size of a camera's picture, as WxH; the nearest it has is used. (default: 1280x720)")
  var size: String?

  @Option(help: "Frames a second of a camera; else its highest. (default: 30)")
  var rate: String?

  @Option(help: "Format of a camera's pixels, as mjpeg or yuyv422. (default: by rate and cost)")
  var pixelFormat: String?

  @Option(help: "Turn the picture clockwise: auto, 0, 90, 180, 270. (default: auto)")
  var rotate: String?

  @Option(help: "Colour matrix of the source: auto, bt601, bt709. (default: auto)")
  var color: String?

  @Option(help: "Value range of the source: auto, limited, full. (default: auto)")
  var range: String?

  @Option(help: "Interlaced pictures: auto (one for each), none, field (one for each field). (default: auto)")
  var deinterlace: String?

  @Option(help: "HDR and BT.2020: map to BT.709 of standard range, or keep. (default: map)")
  var hdr: String?

  @Option(
    help: .key(
      "stages.decode.max_errors", "Exit with 1 when more than this share of frames is damaged or fails, 0…1.")
  )
  var maxErrors: String?

  // Model.

  @Option(
    name: .shortAndLong, help: "An installed model's name, or an .onnx file. (default: the installed one)")
  var model: String?

  @Option(
    help:
      "Numbers to run on: auto, fp32, fp16, bf16, int8; of an installed model, its file. (default: auto, int8 first)"
  )
  var precision: String?

  @Option(
    help:
      "Size of the model's picture as WxH, where its file allows another. (default: by the source's shape)")
  var inferSize: String?

  @Option(help: .key("stages.resize.fit", "How another shape fits the model's picture: stretch, letterbox."))
  var fit: String?

  @Option(help: "CPU threads of the whole process, codecs included. (default: what quota and affinity allow)")
  var threads: String?

  @Option(
    help: """
      Use no instructions above this level: scalar, avx2, …, as 'roadmask doctor' lists them. ROADMASK_CPU limits it \
      likewise. (default: the best)
      """)
  var cpu: String?

  // Pipeline.

  @Option(
    help: """
      What goes when we are too slow: block, latest, drop-oldest, drop-newest. (default: block for files, \
      latest for live sources)
      """)
  var onOverload: String?

  @Option(help: "Frames that may wait between two stages. (default: 4, or 1)")
  var queue: String?

  @Option(help: "Frames from infer on. (default: 2 for live sources)")
  var inFlight: String?

  @Option(help: "Drop frames older than this before the network sees them, as in 120ms. (default: none)")
  var latencyBudget: String?

  @Option(
    help: ArgumentHelp(
      "Where live frames come too fast: none, skip (labels of an earlier frame) or resolution. (default: none)",
      valueName: "how"))
  var adapt: String?

  // Picture.

  @Option(help: .key("stages.overlay.view", "What to show: overlay, mask, side."))
  var view: String?

  @Option(
    help: .key("stages.overlay.alpha", "Strength of the overlay, from 0 (source only) to 1 (colours only)."))
  var alpha: String?

  @Option(
    help: .key("stages.argmax.filter", "Label edges: linear interpolates the scores, nearest does not."))
  var filter: String?

  @Option(help: "Colours: camvid, cityscapes, … (default: the model's)")
  var palette: String?

  // Outputs.

  @Option(
    name: .customShort("o"),
    help: ArgumentHelp("One more output, as OUT; may stand several times.", valueName: "out"))
  var more: [String] = []

  @Option(help: "Write class ids as lossless gray video (FFV1, .mkv).")
  var mask: String?

  @Option(name: .customLong("mask-png"), help: "Write class ids as palette PNGs into this folder.")
  var maskPNG: String?

  @Option(help: "Ids in masks: train or label. (default: train)")
  var ids: String?

  @Option(help: "Write one JSON line for each frame: times, class shares.")
  var stats: String?

  @Option(
    help: ArgumentHelp(
      "Write checksums, one line for each frame, after decode, argmax or overlay. (default stage: argmax)",
      valueName: "[stage=]file"))
  var hash: [String] = []

  @Option(help: "Write the true classes of a test: source (FFV1, .mkv).")
  var truth: String?

  @Option(
    name: [.customLong("c:v", withSingleDash: true), .customLong("encoder")],
    help: .key("stages.encode.codec", "Video encoder: libx264, libx265, mpeg4, ffv1, mjpeg.", "encoder"))
  var encoder: String?

  @Option(help: .key("stages.encode.crf", "Quality of libx264 and libx265, from 0 (lossless) to 51."))
  var crf: String?

  @Option(help: "Bits a second in place of --crf, as in 4M.")
  var bitrate: String?

  @Option(help: .key("stages.encode.preset", "Speed of the encoder."))
  var preset: String?

  @Option(
    name: [.customLong("c:a", withSingleDash: true), .customLong("audio")],
    help: ArgumentHelp(
      "Sound: auto (copied, or AAC where the container cannot hold it), copy, aac, none. (default: auto)",
      valueName: "audio"))
  var audio: String?

  @Flag(help: "Keep nothing that travels beside the film: place, date, make, chapters, subtitles, data.")
  var stripMetadata = false

  @Option(help: "Length of an mp4 fragment, which a crash may cost, or none. (default: 500ms)")
  var fragment: String?

  @Option(help: "Force fragments to the disk as they close, or the file at its end: fragment, close.")
  var sync: String?

  @Option(help: "Cut videos into files of this length, as in 10m; names may hold %Y%m%d-%H%M%S.")
  var segment: String?

  @Option(help: ArgumentHelp("Remove segments older, or beyond this size: 24h, 20GB.", valueName: "limit"))
  var keep: [String] = []

  @Option(help: "Container of OUT, also yuv4mpegpipe or rawvideo. (default: by its name)")
  var outputFormat: String?

  @Flag(name: .customShort("y"), help: "Overwrite outputs that exist.")
  var overwrite = false

  @Flag(name: .customShort("n"), help: "Never overwrite, even where the pipeline file says so.")
  var neverOverwrite = false

  // Reporting.

  @Option(
    help: ArgumentHelp(
      "Serve metrics and health over HTTP, to this machine unless an address is given.",
      valueName: "[addr:]port"))
  var metrics: String?

  @Option(
    help: ArgumentHelp(
      "Let NAME in to page and metrics, by a hash as 'htpasswd -nB NAME' writes it; may stand often.",
      valueName: "name:hash"))
  var httpUser: [String] = []

  @Option(help: ArgumentHelp("Let those in who show a token of this file, one a line.", valueName: "file"))
  var httpTokens: String?

  @Option(
    help: ArgumentHelp(
      "Answer to this name of a proxy or name server too; may stand often.", valueName: "name"))
  var httpHost: [String] = []

  @Option(help: ArgumentHelp("Serve over TLS, with this chain of certificates (PEM).", valueName: "file"))
  var tlsCert: String?

  @Option(help: ArgumentHelp("The key of --tls-cert, where it is in a file of its own.", valueName: "file"))
  var tlsKey: String?

  @Flag(help: "Let everybody on the network see page and metrics.")
  var insecure = false

  @Option(help: .key("report.format", "Form of the final report: text, json, markdown, none."))
  var report: String?

  @Option(help: "Write the report to this file, or to standard output with -. (default: standard error)")
  var reportFile: String?

  @Option(help: .key("report.progress", "Progress: auto, line, plain, json, none."))
  var progress: String?

  @Option(
    help: ArgumentHelp("Write a timeline of all stages, for chrome://tracing or Perfetto.", valueName: "file")
  )
  var trace: String?

  @Option(
    help: ArgumentHelp(
      "Write what a stage gives, a file for each frame: decode, argmax and overlay as PNG, resize and infer as .npy.",
      valueName: "stage=folder"))
  var tap: [String] = []

  // The whole.

  @Option(help: "Read a pipeline file; options given here beat what it says.")
  var config: String?

  @Option(
    help: ArgumentHelp(
      "Set one key of the pipeline file, as in stages.encode.crf=28.", valueName: "key=value"))
  var set: [String] = []

  @Flag(help: "Say what would be done, and stop.")
  var dryRun = false

  @OptionGroup var logging: LogOptions

  /// Carries out what `config` describes, and ends the program with its status.
  func execute(_ config: PipelineConfig) throws {
    let run = OneRun(
      config, logging: logging.settings, overwrites: overwrite, isQuiet: logging.quiet)
    if dryRun { return try run.describe() }
    let status = try run.start()
    if status != .success { Foundation.exit(status.rawValue) }
  }
}

extension ArgumentHelp {
  /// Help that ends in the default of a key of the pipeline file, which stands nowhere else.
  fileprivate static func key(_ key: String, _ text: String, _ valueName: String? = nil) -> ArgumentHelp {
    let value = PipelineConfig().shown.first { $0.key == key }?.value ?? ""
    return ArgumentHelp("\(text) (default: \(value))", valueName: valueName)
  }
}
