// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import Kernels

/// Model input → logits.
final class InferStage: Stage {
  let name = StageName.infer
  private let inference: any Inference
  private let pool: Pool<AlignedBytes>

  /// - Parameter inFlight: logits that can be out at once.
  init(inference: any Inference, inFlight: Int) {
    self.inference = inference
    let size = inference.logits.byteCount
    pool = Pool(count: inFlight) { AlignedBytes(count: size) }
  }

  func process(_ item: ModelInput) throws -> Logits {
    let tensor = pool.take()
    try inference.run(item.tensor.value.pointer, into: tensor.value.pointer)
    return Logits(decoded: item.decoded, tensor: tensor)
  }
}
