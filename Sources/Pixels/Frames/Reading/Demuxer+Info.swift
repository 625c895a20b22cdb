// SPDX-License-Identifier: Apache-2.0

internal import CFFmpeg

extension Demuxer {
  /// Ticks of the picture stream, 1 or more.
  var usualFrameDuration: Int64 {
    let rate = averageRate
    guard rate.isKnown else { return 1 }
    return max(1, TimeBase(video.pointee.time_base).ticks(1 / rate.value))
  }

  var averageRate: Ratio {
    let average = Ratio(video.pointee.avg_frame_rate)
    return average.isKnown ? average : Ratio(video.pointee.r_frame_rate)
  }

  /// True where the average rate and the finest one that fits all timestamps differ by more than 1 %.
  private var isVariableRate: Bool? {
    let average = Ratio(video.pointee.avg_frame_rate)
    let finest = Ratio(video.pointee.r_frame_rate)
    guard average.isKnown && finest.isKnown, demuxesTimestamps else { return nil }
    return abs(average.value / finest.value - 1) > 0.01
  }

  private var demuxesTimestamps: Bool { video.pointee.codecpar.pointee.codec_id != AV_CODEC_ID_PNG }

  func info(
    _ shaper: FrameShaper, window: TimeWindow, options: VideoReader.Options, sampleAspectRatio: AVRational
  ) -> SourceInfo {
    var aspect = Ratio(sampleAspectRatio)
    if !aspect.isKnown { aspect = Ratio(video.pointee.sample_aspect_ratio) }
    if !aspect.isKnown { aspect = Ratio(1, 1) }
    if shaper.rotation.swapsSides { aspect = aspect.inverse }
    var rate = averageRate
    if rate.isKnown && options.stride > 1 {
      let (slower, overflow) = rate.denominator.multipliedReportingOverflow(by: Int32(options.stride))
      rate = overflow ? .unknown : Ratio(rate.numerator, slower)
    }
    var length = duration
    if let whole = length {
      let begin = options.start ?? 0
      let end = min(whole, options.end ?? whole, begin + (options.duration ?? whole))
      length = max(0, end - begin)
    }
    var count = length.flatMap { rate.isKnown ? Int(min($0 * rate.value, 0x1p52).rounded()) : nil }
    if length == duration, options.stride == 1, video.pointee.nb_frames > 0 {
      count = Int(video.pointee.nb_frames)
    }
    if let limit = options.maxFrames {
      count = min(count ?? limit, limit)
      if rate.isKnown, let whole = length { length = min(whole, Double(limit) / rate.value) }
    }
    return SourceInfo(
      uri: uri, codec: String(cString: avcodec_get_name(video.pointee.codecpar.pointee.codec_id)),
      storedFormat: shaper.storedFormat,
      video: VideoFormat(
        format: shaper.format, width: shaper.width, height: shaper.height, timeBase: window.timeBase,
        rate: rate,
        color: shaper.color, sampleAspectRatio: aspect),
      isVariableRate: isVariableRate, duration: length, frameCountEstimate: count, rotation: shaper.rotation,
      audio: audio, metadata: metadata)
  }
}
