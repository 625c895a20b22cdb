// SPDX-License-Identifier: Apache-2.0

internal import CVideo4Linux
internal import Glibc

extension VideoDevice {
  /// The formats of pictures that it gives, or takes, in its own order.
  func formats(_ type: v4l2_buf_type = V4L2_BUF_TYPE_VIDEO_CAPTURE) -> [FourCC] {
    var found: [FourCC] = []
    var entry = v4l2_fmtdesc()
    entry.type = type.rawValue
    while found.count < 1000, rm_v4l2_enumerate_formats(file, &entry) == 0 {
      let code = FourCC(rawValue: entry.pixelformat)
      if !found.contains(code) { found.append(code) }
      entry.index += 1
    }
    return found
  }

  /// All modes, each rate of its own. Where a camera offers a whole range of sizes or rates, those of it
  /// that come nearest to `wishes` and its largest.
  func modes(_ wishes: CameraWishes) -> [CameraMode] {
    var modes: [CameraMode] = []
    for code in formats() {
      let name = CameraFormat(code)?.name ?? code.description.lowercased()
      for size in sizes(code, wishes) {
        let rates = rates(code, width: size.width, height: size.height, wishes)
        modes += (rates.isEmpty ? [.unknown] : rates).map {
          CameraMode(format: name, width: size.width, height: size.height, rate: $0)
        }
      }
    }
    var seen: Set<CameraMode> = []
    return modes.filter { seen.insert($0).inserted }
  }

  private func sizes(_ code: FourCC, _ wishes: CameraWishes) -> [(width: Int, height: Int)] {
    var found: [(width: Int, height: Int)] = []
    var entry = v4l2_frmsizeenum()
    entry.pixel_format = code.rawValue
    while found.count < 1000, rm_v4l2_enumerate_sizes(file, &entry) == 0 {
      if entry.type == V4L2_FRMSIZE_TYPE_DISCRETE.rawValue {
        found.append((Int(entry.discrete.width), Int(entry.discrete.height)))
      } else {
        let range = entry.stepwise
        let width = SteppedRange(range.min_width, range.max_width, range.step_width)
        let height = SteppedRange(range.min_height, range.max_height, range.step_height)
        found.append((width.nearest(to: wishes.width), height.nearest(to: wishes.height)))
        let largest = (width: width.maximum, height: height.maximum)
        if largest != found.last! { found.append(largest) }
        break
      }
      entry.index += 1
    }
    return found
  }

  private func rates(_ code: FourCC, width: Int, height: Int, _ wishes: CameraWishes) -> [Ratio] {
    var found: [Ratio] = []
    var entry = v4l2_frmivalenum()
    entry.pixel_format = code.rawValue
    (entry.width, entry.height) = (UInt32(width), UInt32(height))
    while found.count < 1000, rm_v4l2_enumerate_intervals(file, &entry) == 0 {
      if entry.type == V4L2_FRMIVAL_TYPE_DISCRETE.rawValue {
        found.append(Ratio(interval: entry.discrete))
      } else {
        let fastest = Ratio(interval: entry.stepwise.min)
        let slowest = Ratio(interval: entry.stepwise.max)
        found.append(fastest)
        let wanted = Ratio(Int32((wishes.rate * 1000).rounded()), 1000)
        if wanted.value < fastest.value && wanted.value > slowest.value { found.append(wanted) }
        break
      }
      entry.index += 1
    }
    return found.filter(\.isKnown)
  }
}

extension Ratio {
  /// The rate of frames that are so many seconds apart.
  init(interval: v4l2_fract) {
    self.init(Int32(clamping: interval.denominator), Int32(clamping: interval.numerator))
  }
}

/// The whole numbers from `minimum` to `maximum` that are whole steps above `minimum`.
struct SteppedRange: Hashable {
  let minimum: Int
  let maximum: Int
  let step: Int

  init(_ minimum: UInt32, _ maximum: UInt32, _ step: UInt32) {
    self.minimum = Int(minimum)
    self.maximum = max(Int(minimum), Int(maximum))
    self.step = max(1, Int(step))
  }

  func nearest(to wanted: Int) -> Int {
    let steps = (Double(wanted - minimum) / Double(step)).rounded()
    let most = (maximum - minimum) / step
    return minimum + max(0, min(most, Int(steps))) * step
  }
}
