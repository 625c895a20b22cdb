// SPDX-License-Identifier: Apache-2.0

public import Buffers
public import Frames
internal import Pixels

/// The stages from `resize` to `argmax` for one frame at a time, in the caller's thread: for evaluation.
public final class FrameLabeler {
  private let resize: ResizeStage
  private let infer: InferStage
  private let argmax: ArgmaxStage

  /// - Parameters:
  ///   - source: of the frames that will come.
  ///   - config: `resize`, `argmax` and the CPU level are taken from here.
  public init(source info: SourceInfo, config: PipelineConfig, inference: any Inference) {
    let level = config.flow.cpu ?? .best
    let target = inference.input.placing(
      width: info.width, height: info.height, aspect: info.video.sampleAspectRatio.value,
      fit: config.resize.fit)
    resize = ResizeStage(
      source: PictureKind(info),
      targets: [target], level: level, inFlight: 1)
    infer = InferStage(inferences: [inference], inFlight: 1)
    argmax = ArgmaxStage(
      networks: [(inference.logits, target)], size: PixelSize(width: info.width, height: info.height),
      filter: config.argmax.filter, level: level, inFlight: 1)
  }

  /// The class of each pixel of `frame`. Drop the result before the next call.
  public func labels(of frame: Frame) throws -> Lease<LabelMap> {
    let input = try resize.process(DecodedFrame(frame: frame, truth: nil))
    return try argmax.process(infer.process(input)).labels
  }
}
