// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import CPU
internal import Pixels

/// Logits → the winning class of each pixel of the picture.
final class ArgmaxStage: Stage {
  let name = StageName.argmax
  private let upsamplers: [(run: LabelUpsampler, scratch: UpsampleScratch)]
  private let pool: Pool<LabelMap>
  private let keepsLabels: Bool
  private var last: Lease<LabelMap>?

  /// - Parameters:
  ///   - networks: logits, and the model input with the place of the picture in it, of each network.
  ///   - size: of the pictures.
  ///   - inFlight: label maps that can be out at once.
  ///   - keepsLabels: frames may come that get the labels of the one before.
  init(
    networks: [(logits: LogitsFormat, input: ModelInputFormat)], size: PixelSize, filter: LabelFilter,
    level: CPULevel, inFlight: Int, keepsLabels: Bool = false
  ) {
    upsamplers = networks.map { network in
      let upsampler = LabelUpsampler(
        logits: network.logits, input: network.input, output: (size.width, size.height), filter: filter,
        level: level)
      return (upsampler, upsampler.makeScratch())
    }
    pool = Pool(count: inFlight) { LabelMap(width: size.width, height: size.height) }
    self.keepsLabels = keepsLabels
  }

  func process(_ item: Logits) throws -> LabelledFrame {
    guard let tensor = item.tensor else {
      guard let last else {
        throw FrameFailure(
          RunError(
            .model, "label", "a frame", "the network failed on all frames before it",
            hint: "leave out --adapt skip"))
      }
      return LabelledFrame(decoded: item.decoded, labels: last, choice: item.choice)
    }
    // What was kept goes back first: the pool counts on one.
    last = nil
    let labels = pool.take()
    let upsampler = upsamplers[item.choice.variant]
    upsampler.run.run(tensor.value.pointer, into: labels.value, scratch: upsampler.scratch)
    if keepsLabels { last = labels }
    return LabelledFrame(decoded: item.decoded, labels: labels, choice: item.choice)
  }
}
