// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import CPU
internal import Frames
internal import Pixels

/// Frame → model input, in one pass.
final class ResizeStage: Stage {
  let name = StageName.resize
  private let targets: [ModelInputFormat]
  private let level: CPULevel
  private let adaptation: Adaptation?
  private let pool: Pool<AlignedBytes>
  private var source: PictureKind
  private var resizers: [(resizer: PictureResizer, scratch: ResizeScratch)]

  /// - Parameters:
  ///   - source: the kind of pictures that is expected; another kind costs time once.
  ///   - targets: the input of each network.
  ///   - inFlight: model inputs that can be out at once.
  init(
    source: PictureKind, targets: [ModelInputFormat], level: CPULevel, inFlight: Int,
    adaptation: Adaptation? = nil
  ) {
    self.source = source
    self.targets = targets
    self.level = level
    self.adaptation = adaptation
    let size = targets.map(\.byteCount).max() ?? 0
    pool = Pool(count: inFlight) { AlignedBytes(count: size) }
    resizers = ResizeStage.resizers(from: source, to: targets, level: level)
  }

  func process(_ item: DecodedFrame) throws -> ModelInput {
    let choice = adaptation?.next() ?? Adaptation.Choice()
    let tensor = choice.isReused ? nil : tensor(of: item.frame, variant: choice.variant)
    return ModelInput(decoded: item, choice: choice, tensor: tensor)
  }

  /// The input of network number `variant`.
  func tensor(of frame: Frame, variant: Int = 0) -> Lease<AlignedBytes> {
    let view = frame.view
    let source = view.kind
    if source != self.source {
      self.source = source
      resizers = ResizeStage.resizers(from: source, to: targets, level: level)
    }
    let tensor = pool.take()
    let (resizer, scratch) = resizers[variant]
    resizer.run(view, into: tensor.value.pointer, scratch: scratch)
    return tensor
  }

  private static func resizers(
    from source: PictureKind, to targets: [ModelInputFormat], level: CPULevel
  ) -> [(resizer: PictureResizer, scratch: ResizeScratch)] {
    targets.map { target in
      let resizer = PictureResizer(source: source, target: target, level: level)
      return (resizer, resizer.makeScratch())
    }
  }
}

extension ModelInputFormat {
  /// The same input with a picture of `width` x `height` pixels placed in its content rectangle.
  ///
  /// - Parameter aspect: a pixel's width by its height.
  func placing(width: Int, height: Int, aspect: Double, fit: PipelineConfig.Resize.Fit) -> ModelInputFormat {
    var result = self
    guard fit == .letterbox else { return result }
    let picture = Double(width) * (aspect > 0 ? aspect : 1) / Double(height)
    if picture > Double(contentColumns) / Double(contentRows) {
      result.contentRows = max(1, min(contentRows, Int((Double(contentColumns) / picture).rounded())))
      result.contentRow += (contentRows - result.contentRows) / 2
    } else {
      result.contentColumns = max(1, min(contentColumns, Int((Double(contentRows) * picture).rounded())))
      result.contentColumn += (contentColumns - result.contentColumns) / 2
    }
    return result
  }
}
