// SPDX-License-Identifier: Apache-2.0

internal import Addresses
internal import Buffers
internal import Frames
internal import Scenes

/// Opens the source of a run.
struct SourceFactory {
  var config: PipelineConfig
  var threads: ThreadBudget
  var interrupt: InterruptFlag
  var journal: SourceJournal
  /// Maps of true classes that can be out at once; 0 for none.
  var truthCount: Int
  /// Frames whose memory is taken at the start.
  var reserve = 0

  /// Frames come when they come, whatever we do: said by the address. An `http` address may turn out so once
  /// it is open; a pipe is live if the user says so.
  static func isLive(_ source: PipelineConfig.Source) -> Bool {
    source.address.isLive || source.address == .standardInput && source.isLive == true
  }

  func open() throws -> any FrameSource {
    config.hideSecrets()
    let source = config.source
    if !source.clips.isEmpty { return try drive(ClipList([source.uri] + source.clips)) }
    if case .pictures(let path) = source.address, source.format == nil, let clips = ClipList(path) {
      return try drive(clips)
    }
    switch source.address {
    case .test(let text): return drawn(try TestSource.parse(text))
    case .camera(let name): return try camera(name)
    case .pictures(let path) where source.format == nil: return try pictures(path)
    case .pictures, .file, .standardInput, .stream: return try video()
    }
  }

  private func pictures(_ path: String) throws -> ImageSequenceReader {
    var options = ImageSequenceReader.Options()
    options.maxFrames = config.source.frames
    options.stride = config.source.stride
    options.rotation = config.decode.rotate
    options.colorsGray = true
    options.matrix = config.decode.matrix
    options.range = config.decode.range
    return try ImageSequenceReader(path, options: options)
  }

  /// Several recordings as one film.
  private func drive(_ clips: ClipList) throws -> JoinedReader {
    var own = videoOptions
    (own.start, own.end, own.duration, own.maxFrames) = (nil, nil, nil, nil)
    own.keepBeside = true
    own.isLive = false
    var options = JoinedReader.Options()
    let source = config.source
    options.start = source.start?.seconds
    let ends = [source.end?.seconds, source.duration.map { (source.start?.seconds ?? 0) + $0.seconds }]
    options.end = ends.compactMap { $0 }.min()
    options.maxFrames = source.frames
    return try JoinedReader(clips, options, journal: journal) { [own] in try VideoReader($0, options: own) }
  }

  private func video() throws -> any FrameSource {
    let source = config.source
    let options = videoOptions
    let first = try VideoReader(source.uri, options: options)
    guard first.isLive, source.address != .standardInput else { return first }
    return ReopeningSource(first, reopeningOptions, journal: journal) { [options, uri = source.uri] in
      try VideoReader(uri, options: options)
    }
  }

  private var videoOptions: VideoReader.Options {
    let source = config.source
    var options = VideoReader.Options()
    options.threads = threads.decoderThreads
    options.start = source.start?.seconds
    options.end = source.end?.seconds
    options.duration = source.duration?.seconds
    options.maxFrames = source.frames
    options.stride = source.stride
    options.rotation = config.decode.rotate
    options.matrix = config.decode.matrix
    options.range = config.decode.range
    options.colorsGray = true
    options.deinterlacing = config.decode.deinterlace
    options.hdr = config.decode.hdr
    options.keepBeside = !config.encode.stripMetadata && !Self.isLive(source)
    options.discardCorrupt = config.decode.discardCorrupt
    options.keepAudio = config.encode.audio.map { $0 != .none } ?? !Self.isLive(source)
    options.track = source.track
    options.interrupt = interrupt
    options.connectTimeout = source.connectTimeout.seconds
    options.stallTimeout = source.stallTimeout.seconds
    options.inputFormat = source.format
    options.inputOptions = source.options
    options.allowedProtocols = source.protocols
    options.trust = config.tls.trust
    options.transport = source.transport
    if Self.isLive(source) { options.isLive = true }
    options.catchesUp = config.pipelineOptions(comesLive: true).policy != .block
    return options
  }

  private func camera(_ name: CameraName) throws -> ReopeningSource {
    let source = config.source
    var options = CameraReader.Options()
    if let size = source.size { (options.wishes.width, options.wishes.height) = (size.width, size.height) }
    options.wishes.rate = source.rate ?? options.wishes.rate
    options.wishes.format = source.pixelFormat
    options.stride = source.stride
    options.rotation = config.decode.rotate
    options.matrix = config.decode.matrix
    options.range = config.decode.range
    options.takesNewest = config.pipelineOptions(comesLive: true).policy != .block
    options.stallTimeout = source.stallTimeout.seconds
    options.reserve = reserve
    options.interrupt = interrupt
    options.journal = journal
    let camera = Camera(name)
    var reopeningOptions = reopeningOptions
    reopeningOptions.isBack = { camera.isThere }
    return ReopeningSource(try camera.open(options), reopeningOptions, journal: journal) { [options] in
      try camera.open(options)
    }
  }

  /// How a live source that is lost is opened again.
  private var reopeningOptions: ReopeningSource.Options {
    let source = config.source
    var options = ReopeningSource.Options()
    options.name = peerName(source.uri)
    options.retry.attempts = (source.reconnect.attempts ?? PipelineConfig.Source.Reconnect.usual).limit
    options.retry.shortest = source.reconnect.backoff.shortest.seconds
    options.retry.longest = source.reconnect.backoff.longest.seconds
    options.retry.jitter = source.reconnect.jitter
    options.maxFrames = source.frames
    let start = source.start?.seconds ?? 0
    let ends = [source.end.map { $0.seconds - start }, source.duration?.seconds].compactMap { $0 }
    options.duration = ends.min()
    options.interrupt = interrupt
    return options
  }

  private func drawn(_ test: TestSource) -> TestFrameSource {
    let source = config.source
    let start = source.start?.seconds ?? 0
    let ends = [source.end?.seconds, source.duration.map { start + $0.seconds }].compactMap { $0 }
    let height = test.parameters.height
    return TestFrameSource(
      test, uri: source.uri, start: start, end: ends.min() ?? .infinity, frames: source.frames,
      stride: source.stride,
      color: ColorTags(
        matrix: config.decode.matrix ?? (height >= 720 ? .bt709 : .bt601),
        range: config.decode.range ?? .limited),
      truthCount: truthCount, reserve: reserve)
  }
}
