// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import CPU
internal import Frames
internal import Pixels

/// Labels and picture → the picture to show, drawn in the picture's own YUV.
final class OverlayStage: Stage {
  /// Settings that do not depend on the kind of picture.
  struct Style: Sendable {
    var palette: Palette
    var alpha: Float
    var view: OverlayView
    var level: CPULevel
    /// No output wants a picture.
    var isIdle = false
    /// The source's pixels must stay, because an output looks at them.
    var keepsSource = false
  }

  let name = StageName.overlay
  private let style: Style
  private let allocator: FrameAllocator
  private var overlay: Overlay?

  /// - Parameter reserve: pictures whose memory is taken with the first.
  init(style: Style, reserve: Int = 0) {
    self.style = style
    allocator = FrameAllocator(reserve: reserve)
  }

  func process(_ item: LabelledFrame) throws -> DrawnFrame {
    var picture: Frame?
    if !style.isIdle {
      let frame = item.decoded.frame
      let overlay = overlay(for: frame.view)
      let canDrawInPlace = frame.isWritable && !style.keepsSource && style.view != .side
      let target =
        canDrawInPlace
        ? frame
        : allocator.frame(like: frame, format: frame.format, width: overlay.outputWidth, height: frame.height)
      overlay.blend(frame.view, item.labels.value, into: target.view)
      picture = target
    }
    return DrawnFrame(decoded: item.decoded, labels: item.labels, choice: item.choice, picture: picture)
  }

  private func overlay(for view: PictureView) -> Overlay {
    if let overlay, overlay.kind == view.kind { return overlay }
    let made = Overlay(
      of: view.kind, palette: style.palette, alpha: style.alpha, view: style.view, level: style.level)
    overlay = made
    return made
  }
}
