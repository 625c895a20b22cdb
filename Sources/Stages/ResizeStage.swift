// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import Kernels

/// Frame → model input, in one pass.
final class ResizeStage: Stage {
  let name = StageName.resize
  private let target: ModelInputFormat
  private let level: CPULevel
  private let pool: Pool<AlignedBytes>
  private var resizer: PictureResizer
  private var scratch: ResizeScratch

  /// - Parameters:
  ///   - source: the kind of pictures that is expected; another kind costs time once.
  ///   - inFlight: model inputs that can be out at once.
  init(source: PictureResizer.Source, target: ModelInputFormat, level: CPULevel, inFlight: Int) {
    self.target = target
    self.level = level
    pool = Pool(count: inFlight) { AlignedBytes(count: target.byteCount) }
    resizer = PictureResizer(source: source, target: target, level: level)
    scratch = resizer.makeScratch()
  }

  func process(_ item: DecodedFrame) throws -> ModelInput {
    let view = item.frame.view
    let source = PictureResizer.Source(view)
    if source != resizer.source {
      resizer = PictureResizer(source: source, target: target, level: level)
      scratch = resizer.makeScratch()
    }
    let tensor = pool.take()
    resizer.run(view, into: tensor.value.pointer, scratch: scratch)
    return ModelInput(decoded: item, tensor: tensor)
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
