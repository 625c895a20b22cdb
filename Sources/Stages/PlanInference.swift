// SPDX-License-Identifier: Apache-2.0

internal import Buffers
public import Kernels
public import Planning

/// A planned network with one picture in and one map of logits out.
public final class PlanInference: Inference {
  public let input: ModelInputFormat
  public let logits: LogitsFormat
  public let byteCount: Int
  private let session: Session
  private let source: UnsafeMutableRawPointer
  private let result: UnsafeRawPointer

  /// - Parameters:
  ///   - mean, scale: for each of R, G, B: the network takes `(rgb - mean) * scale`, rgb in 0…255.
  ///   - threads: of the network, the calling one included.
  /// - Throws: `RunError` of kind model, where the network takes or gives something else.
  public init(plan: Plan, mean: [Float], scale: [Float], threads: Int) throws {
    func misfit(_ cause: String) -> RunError {
      RunError(.model, "run", plan.name, cause, hint: "a network takes one [1,3,H,W] picture and gives one map")
    }
    guard plan.inputs.count == 1, plan.outputs.count == 1 else {
      throw misfit("it has \(plan.inputs.count) inputs and \(plan.outputs.count) outputs")
    }
    let input = plan.inputs[0], output = plan.outputs[0]
    let shape = input.fact.shape, out = output.fact.shape
    guard shape.rank == 4, shape[0] == 1, shape[3] == 3, input.fact.dtype == .float32 else {
      throw misfit("its input is \(input.fact)")
    }
    guard out.rank == 4, out[0] == 1, (1...255).contains(out[3]),
      [.float32, .int8, .uint8].contains(output.fact.dtype)
    else { throw misfit("its output is \(output.fact)") }
    session = Session(plan: plan, pool: WorkerPool(threads: threads))
    source = session.input(input.name)
    result = session.output(output.name)
    byteCount = plan.weightBytes + plan.arenaBytes
    self.input = ModelInputFormat(rows: shape[1], columns: shape[2], mean: mean, scale: scale)
    logits = LogitsFormat(rows: out[1], columns: out[2], classes: out[3], dtype: output.fact.dtype)
  }

  public func run(_ tensor: UnsafeRawPointer, into logits: UnsafeMutableRawPointer) throws {
    source.copyMemory(from: tensor, byteCount: input.byteCount)
    session.run()
    logits.copyMemory(from: result, byteCount: self.logits.byteCount)
  }
}
