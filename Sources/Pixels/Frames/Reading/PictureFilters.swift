// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import CFFmpeg

/// What is done about interlaced pictures.
public enum Deinterlacing: String, Sendable, CaseIterable {
  /// One picture for each that is interlaced; others stay as they are.
  case auto
  case none
  /// One picture for each field, at twice the rate.
  case field
}

/// What is done about pictures of high dynamic range, or in the colours of BT.2020.
public enum HDRMode: String, Sendable, CaseIterable {
  /// They become BT.709 of standard range.
  case map
  /// Their code values stay as they are.
  case keep
}

/// Filters of libavfilter between the decoder and the pipeline, for pictures that need them: bwdif for interlaced
/// ones, zscale and tonemap for those of high dynamic range.
final class PictureFilters {
  /// In words, for those that were put to work so far.
  private(set) var treatment: [String] = []
  private let deinterlacing: Deinterlacing
  private let hdr: HDRMode
  private let timeBase: TimeBase
  private let outputTimeBase: TimeBase
  private let subject: String
  private var isInterlaced = false
  private var chain: FilterChain?
  private var ready: [UnsafeMutablePointer<AVFrame>] = []

  /// - Parameters:
  ///   - timeBase: of the pictures' times as they come.
  ///   - outputTimeBase: of `best_effort_timestamp` as they go.
  ///   - isInterlaced: the track says so of its pictures.
  init(
    _ deinterlacing: Deinterlacing, _ hdr: HDRMode, timeBase: TimeBase, to outputTimeBase: TimeBase,
    isInterlaced: Bool, subject: String
  ) {
    self.deinterlacing = deinterlacing
    self.hdr = hdr
    self.timeBase = timeBase
    self.outputTimeBase = outputTimeBase
    self.subject = subject
    self.isInterlaced = isInterlaced && deinterlacing != .none
  }

  deinit { for frame in ready { FrameShells.give(frame) } }

  /// Takes a decoded picture over. What comes out of it is to be asked from `next`.
  ///
  /// - Throws: unsupportedSource, where this FFmpeg lacks a filter.
  func take(_ picture: UnsafeMutablePointer<AVFrame>) throws {
    if picture.pointee.interlaced_frame != 0, deinterlacing != .none { isInterlaced = true }
    let steps = [isInterlaced ? deinterlacer : nil, mapping(of: picture)].compactMap { $0 }
    guard !steps.isEmpty else {
      finish()
      place(picture, timeBase, picture.pointee.best_effort_timestamp)
      return
    }
    let shape = FilterChain.Shape(picture, steps.map(\.filters).joined(separator: ","))
    if chain?.shape != shape {
      finish()
      chain = try FilterChain(shape, timeBase: timeBase, picture, subject)
      for step in steps where !treatment.contains(step.words) { treatment.append(step.words) }
    }
    picture.pointee.pts = picture.pointee.best_effort_timestamp
    try chain?.send(picture, subject)
    drain()
  }

  /// The next picture, if one is ready. It belongs to the caller.
  func next() -> UnsafeMutablePointer<AVFrame>? { ready.isEmpty ? nil : ready.removeFirst() }

  /// There are no more pictures; those that filters hold become ready.
  func finish() {
    guard let chain else { return }
    try? chain.send(nil, subject)
    drain()
    self.chain = nil
  }

  private func drain() {
    while let picture = chain?.receive() {
      place(picture, chain!.timeBase, picture.pointee.pts)
    }
  }

  private func place(_ picture: UnsafeMutablePointer<AVFrame>, _ from: TimeBase, _ time: Int64) {
    if time != rm_nopts() {
      picture.pointee.best_effort_timestamp = from.convert(time, to: outputTimeBase)
    }
    let length = timeBase.convert(rm_frame_duration(picture), to: outputTimeBase)
    let isField = deinterlacing == .field && isInterlaced
    rm_frame_set_duration(picture, isField ? length / 2 : length)
    ready.append(picture)
  }

  private var deinterlacer: (filters: String, words: String) {
    deinterlacing == .field
      ? ("bwdif=mode=send_field:deint=interlaced", "interlaced, a picture of each field (bwdif)")
      : ("bwdif=mode=send_frame:deint=interlaced", "deinterlaced (bwdif)")
  }

  /// Linear light in which 1 is the white of standard pictures, 203 cd/m² (ITU-R BT.2408); a curve that leaves the
  /// darker three tenths alone and bends what is brighter, up to 1000 cd/m², into what is left; BT.709.
  private func mapping(of picture: UnsafePointer<AVFrame>) -> (filters: String, words: String)? {
    guard hdr == .map else { return nil }
    let wide = picture.pointee.color_primaries == AVCOL_PRI_BT2020
    let range = picture.pointee.color_range == AVCOL_RANGE_JPEG ? "full" : "limited"
    let from = "pin=2020:min=2020_ncl:rin=\(range)"
    let bend = "format=gbrpf32le,zscale=p=709,tonemap=mobius:param=0.3:peak=\(1000.0 / 203):desat=0"
    let to = "zscale=t=709:m=709:p=709:r=limited,format=yuv420p"
    switch picture.pointee.color_trc {
    case AVCOL_TRC_SMPTE2084:
      return ("zscale=tin=smpte2084:\(from):t=linear:npl=203,\(bend),\(to)", "HDR (PQ) mapped to BT.709")
    case AVCOL_TRC_ARIB_STD_B67:
      return ("zscale=tin=arib-std-b67:\(from):t=linear:npl=203,\(bend),\(to)", "HDR (HLG) mapped to BT.709")
    default:
      guard wide else { return nil }
      return ("zscale=tin=2020_10:\(from):t=linear,format=gbrpf32le,\(to)", "BT.2020 mapped to BT.709")
    }
  }
}

/// A line of filters for pictures of one shape.
private final class FilterChain {
  struct Shape: Equatable {
    var width: Int32
    var height: Int32
    var format: Int32
    var filters: String

    init(_ picture: UnsafePointer<AVFrame>, _ filters: String) {
      (width, height) = (picture.pointee.width, picture.pointee.height)
      format = picture.pointee.format
      self.filters = filters
    }
  }

  let shape: Shape
  /// Of the pictures that come out.
  let timeBase: TimeBase
  private var graph: UnsafeMutablePointer<AVFilterGraph>?
  private let source: UnsafeMutablePointer<AVFilterContext>
  private let sink: UnsafeMutablePointer<AVFilterContext>
  private let allocator = FrameAllocator()

  init(
    _ shape: Shape, timeBase: TimeBase, _ picture: UnsafePointer<AVFrame>, _ subject: String
  ) throws {
    self.shape = shape
    var graph = avfilter_graph_alloc()
    graph?.pointee.nb_threads = 1
    let aspect = picture.pointee.sample_aspect_ratio
    let form =
      "video_size=\(shape.width)x\(shape.height):pix_fmt=\(shape.format):time_base=\(timeBase)"
      + ":pixel_aspect=\(max(0, aspect.num))/\(max(1, aspect.den))"
    var source: UnsafeMutablePointer<AVFilterContext>?
    var sink: UnsafeMutablePointer<AVFilterContext>?
    var code = avfilter_graph_create_filter(
      &source, avfilter_get_by_name("buffer"), "in", form, nil, graph)
    if code >= 0 {
      code = avfilter_graph_create_filter(&sink, avfilter_get_by_name("buffersink"), "out", nil, nil, graph)
    }
    if code >= 0 {
      var outputs = avfilter_inout_alloc()
      outputs?.pointee.name = av_strdup("in")
      outputs?.pointee.filter_ctx = source
      var inputs = avfilter_inout_alloc()
      inputs?.pointee.name = av_strdup("out")
      inputs?.pointee.filter_ctx = sink
      code = avfilter_graph_parse_ptr(graph, shape.filters, &inputs, &outputs, nil)
      avfilter_inout_free(&inputs)
      avfilter_inout_free(&outputs)
    }
    if code >= 0 { code = avfilter_graph_config(graph, nil) }
    guard code >= 0, let source, let sink else {
      avfilter_graph_free(&graph)
      throw FramesError(
        .unsupportedSource, "read", subject, "this FFmpeg cannot filter its pictures (\(shape.filters))",
        hint: "install FFmpeg with zimg; or take them as they are: --hdr keep, --deinterlace none")
    }
    self.graph = graph
    (self.source, self.sink) = (source, sink)
    self.timeBase = TimeBase(av_buffersink_get_time_base(sink))
  }

  deinit { avfilter_graph_free(&graph) }

  /// Takes `picture` over; `nil` is the end.
  func send(_ picture: UnsafeMutablePointer<AVFrame>?, _ subject: String) throws {
    let code = av_buffersrc_add_frame_flags(source, picture, 0)
    if let picture { FrameShells.give(picture) }
    guard code >= 0 || picture == nil else { throw FramesError(code: code, "decode", subject) }
  }

  /// The next picture, in memory with room behind its rows.
  func receive() -> UnsafeMutablePointer<AVFrame>? {
    let picture = FrameShells.take()
    guard av_buffersink_get_frame(sink, picture) >= 0 else {
      FrameShells.give(picture)
      return nil
    }
    guard let format = PixelFormat(AVPixelFormat(rawValue: picture.pointee.format)) else { return picture }
    let own = allocator.picture(
      format, width: Int(picture.pointee.width), height: Int(picture.pointee.height))
    av_frame_copy(own, picture)
    av_frame_copy_props(own, picture)
    FrameShells.give(picture)
    return own
  }
}
