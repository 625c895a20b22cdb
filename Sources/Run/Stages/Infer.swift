// SPDX-License-Identifier: Apache-2.0

internal import Buffers

/// Model input → logits.
final class InferStage: Stage {
  let name = StageName.infer
  private let inferences: [any Inference]
  private let pool: Pool<AlignedBytes>
  private let adaptation: Adaptation?
  private let share: WorkerShare?
  private var workers: Int?

  /// - Parameters:
  ///   - inferences: one network, or the same at several sizes.
  ///   - inFlight: logits that can be out at once.
  ///   - share: how many threads may work; `nil` for all that the networks have.
  init(
    inferences: [any Inference], inFlight: Int, adaptation: Adaptation? = nil, share: WorkerShare? = nil
  ) {
    self.inferences = inferences
    self.adaptation = adaptation
    self.share = share
    let size = inferences.map(\.logits.byteCount).max() ?? 0
    pool = Pool(count: inFlight) { AlignedBytes(count: size) }
  }

  func process(_ item: ModelInput) throws -> Logits {
    adaptation?.begin(item.choice)
    var result: Lease<AlignedBytes>?
    if let input = item.tensor {
      followShare()
      let tensor = pool.take()
      try inferences[item.choice.variant].run(input.value.pointer, into: tensor.value.pointer)
      result = tensor
    }
    return Logits(decoded: item.decoded, choice: item.choice, tensor: result)
  }

  private func followShare() {
    guard let wanted = share?.workers, wanted != workers else { return }
    workers = wanted
    for inference in inferences { inference.limit(workers: wanted) }
  }
}
