// SPDX-License-Identifier: Apache-2.0

/// One way in which a camera can give pictures.
public struct CameraMode: Sendable, Hashable {
  /// In FFmpeg's names, as `mjpeg` or `yuyv422`.
  public var format: String
  /// Pixels.
  public var width: Int
  public var height: Int
  /// Frames per second; unknown where the camera does not say.
  public var rate: Ratio

  public init(format: String, width: Int, height: Int, rate: Ratio = .unknown) {
    self.format = format
    self.width = width
    self.height = height
    self.rate = rate
  }
}

/// What is wanted of a camera.
public struct CameraWishes: Sendable, Hashable {
  /// Pixels.
  public var width = 1280
  public var height = 720
  /// Frames per second: the lowest rate that reaches it is taken, else the highest.
  public var rate = 30.0
  /// The one format to take, in FFmpeg's names; any.
  public var format: String?

  public init() {}
}

extension CameraWishes {
  /// The best of `modes`: the nearest size first, then a rate that suffices, then the format that costs
  /// least. `nil` where no mode is in a format that can be read.
  public func choose(from modes: [CameraMode]) -> CameraMode? {
    let usable = modes.filter { format == nil ? CameraFormat($0.format) != nil : $0.format == format }
    guard let nearest = usable.map(distance).min() else { return nil }
    return usable.filter { distance($0) == nearest }.min { rank($0) < rank($1) }
  }

  /// The fastest of the other formats at the size of `mode`, where it is slower; for the user to know why
  /// `mode` was chosen.
  public func runnerUp(to mode: CameraMode, of modes: [CameraMode]) -> CameraMode? {
    var wishes = self
    wishes.format = nil
    let others = modes.filter {
      $0.format != mode.format && ($0.width, $0.height) == (mode.width, mode.height) && $0.rate.isKnown
    }
    guard let best = wishes.choose(from: others), best.rate.value < mode.rate.value * 0.99 else { return nil }
    return best
  }

  /// How far a size is from the wanted one; of two equally far ones the larger is nearer.
  private func distance(_ mode: CameraMode) -> Double {
    func step(_ side: Int, _ wanted: Int) -> Double {
      let ratio = Double(max(1, side)) / Double(max(1, wanted))
      return ratio >= 1 ? ratio - 1 : 1 / ratio - 1 + 1e-6
    }
    return step(mode.width, width) + step(mode.height, height)
  }

  /// Lower is better: rates that suffice, the cheapest format first and then the lowest; the others,
  /// the highest first; unknown ones.
  private func rank(_ mode: CameraMode) -> (Int, Double, Double) {
    let cost = Double(CameraFormat(mode.format)?.cost ?? 100)
    let value = mode.rate.value
    guard mode.rate.isKnown else { return (2, cost, 0) }
    // 29.97 does for 30. The cost goes before an excess of the rate only among about equal ones.
    if value >= rate * 0.99 { return (0, (value / rate * 10).rounded(), cost) }
    return (1, -(value * 100).rounded(), cost)
  }
}
