// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import Kernels

/// Logits → the winning class of each pixel of the picture.
final class ArgmaxStage: Stage {
  let name = StageName.argmax
  private let upsampler: LabelUpsampler
  private let scratch: UpsampleScratch
  private let pool: Pool<LabelMap>

  /// - Parameters:
  ///   - input: the model input, with the place of the picture in it.
  ///   - size: of the pictures.
  ///   - inFlight: label maps that can be out at once.
  init(
    logits: LogitsFormat, input: ModelInputFormat, size: PixelSize, filter: LabelFilter, level: CPULevel,
    inFlight: Int
  ) {
    upsampler = LabelUpsampler(
      logits: logits, input: input, output: (size.width, size.height), filter: filter, level: level)
    scratch = upsampler.makeScratch()
    pool = Pool(count: inFlight) { LabelMap(width: size.width, height: size.height) }
  }

  func process(_ item: Logits) throws -> LabelledFrame {
    let labels = pool.take()
    upsampler.run(item.tensor.value.pointer, into: labels.value, scratch: scratch)
    return LabelledFrame(decoded: item.decoded, labels: labels)
  }
}
