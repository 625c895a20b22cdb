// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import Frames
internal import Scenes

/// Frames of a `test:` source, drawn when they are asked for, with the true classes if wanted.
final class TestFrameSource: FrameSource {
  let info: SourceInfo
  /// Of the frame given last.
  private(set) var truth: Lease<LabelMap>?
  private let street: StreetRenderer?
  private let bars = BarsRenderer()
  private let allocator: FrameAllocator
  private let truthPool: Pool<LabelMap>?
  private let stride: Int
  private let limit: Int
  private let first: Int
  private var given = 0

  /// - Parameters:
  ///   - range: seconds of the scene that are wanted.
  ///   - reserve: frames whose memory is taken with the first.
  ///   - truthCount: how many maps of true classes can be out at once; 0 for none.
  init(
    _ source: TestSource, uri: String, start: Double = 0, end: Double = .infinity, frames: Int? = nil,
    stride: Int = 1, color: ColorTags? = nil, truthCount: Int = 0, reserve: Int = 0
  ) {
    allocator = FrameAllocator(reserve: reserve)
    let scene = StreetScene(source.parameters)
    let (width, height) = (scene.parameters.width, scene.parameters.height)
    let isStreet: Bool = if case .street = source { true } else { false }
    street = isStreet ? StreetRenderer(scene: scene) : nil
    truthPool =
      truthCount > 0 && isStreet
      ? Pool(count: truthCount) { LabelMap(width: width, height: height) } : nil
    self.stride = stride
    let rate = Ratio(scene.parameters.rate)
    let timeBase = TimeBase(rate.denominator, rate.numerator)
    first = Int((start * rate.value).rounded(.up))
    let last = min(scene.frameCount ?? .max, end.isFinite ? Int((end * rate.value).rounded(.up)) : .max)
    limit = min(frames ?? .max, last == .max ? .max : max(0, (last - first + stride - 1) / stride))
    info = SourceInfo(
      uri: uri, codec: "drawn", storedFormat: "yuv420p",
      video: VideoFormat(
        format: .yuv420p, width: width, height: height, timeBase: timeBase,
        rate: Ratio(rate.numerator, rate.denominator * Int32(stride)),
        color: color ?? ColorTags(matrix: height >= 720 ? .bt709 : .bt601, range: .limited)),
      isVariableRate: false,
      duration: limit == .max ? nil : timeBase.seconds(Int64(limit) * Int64(stride)),
      frameCountEstimate: limit == .max ? nil : limit)
  }

  func next() throws -> Frame? {
    guard given < limit else { return nil }
    let video = info.video
    let frame = allocator.frame(
      format: video.format, width: video.width, height: video.height, index: given,
      pts: Int64(given * stride), duration: Int64(stride), timeBase: video.timeBase, color: video.color)
    truth = truthPool?.take()
    if let street {
      street.render(frame: first + given * stride, into: frame.view, labels: truth?.value)
    } else {
      bars.render(into: frame.view)
    }
    given += 1
    return frame
  }
}

extension Ratio {
  /// The fraction behind a rate such as 30 or 29.97.
  init(_ rate: Double) {
    for denominator in [1, 1001, 1000] as [Int32] {
      let numerator = (rate * Double(denominator)).rounded()
      let isNear = abs(numerator / Double(denominator) - rate) < 1e-4 * rate
      if isNear && numerator >= 1 && numerator < 2e9 {
        self.init(Int32(numerator), denominator)
        return
      }
    }
    self.init(Int32(max(1, rate * 1000)), 1000)
  }
}
