// SPDX-License-Identifier: Apache-2.0

public import Buffers
internal import Foundation
public import Pixels
public import Planning
public import Workers

/// A planned network behind `Inference`.
public final class SessionInference: Inference {
  public let form: NetworkForm
  public var input: ModelInputFormat { form.input }
  public var logits: LogitsFormat { form.logits }
  public var byteCount: Int { form.byteCount }
  private let session: Session
  private let pool: WorkerPool
  private let source: PlanValue
  private let result: PlanValue

  /// - Parameters:
  ///   - plan: one input `[1][rows][columns][3]`, one output `[1][rows][columns][classes]`.
  ///   - pool: threads to share with others that run in turn.
  ///   - picture: columns and rows that the picture fills, at the top left of the input.
  ///   - mean: subtracted from the channels in 0…255.
  ///   - scale: what the difference is multiplied by.
  ///   - order: of the channels of the input.
  ///   - stored: scale and zero point of an input of u8 numbers.
  /// - Throws: `RunError` where the network has another form.
  public init(
    plan: Plan, pool: WorkerPool, picture: PixelSize?, mean: [Float], scale: [Float],
    order: ChannelOrder = .rgb, stored: Quantization? = nil
  ) throws {
    form = try NetworkForm(
      of: plan, threads: pool.threads, picture: picture, mean: mean, scale: scale, order: order,
      stored: stored)
    source = plan.inputs[0]
    result = plan.outputs[0]
    session = Session(plan: plan, pool: pool)
    self.pool = pool
  }

  public func limit(workers: Int) { pool.limit(to: workers) }

  public func run(_ tensor: UnsafeRawPointer, into logits: UnsafeMutableRawPointer) {
    memcpy(session.input(source), tensor, input.byteCount)
    session.run()
    memcpy(logits, session.output(result), self.logits.byteCount)
  }
}

extension NetworkForm {
  /// That of a planned network, as `SessionInference.init` takes it.
  ///
  /// - Throws: `RunError` where the network has another form.
  public init(
    of plan: Plan, threads: Int, picture: PixelSize?, mean: [Float], scale: [Float],
    order: ChannelOrder = .rgb, stored: Quantization? = nil
  ) throws {
    guard plan.inputs.count == 1, plan.outputs.count == 1 else {
      throw RunError(
        .model, "run", plan.name, "it has \(plan.inputs.count) inputs and \(plan.outputs.count) outputs",
        hint: "a network takes one picture and gives one map of scores")
    }
    let (source, result) = (plan.inputs[0], plan.outputs[0])
    let (taken, given) = (source.fact, result.fact)
    guard taken.dtype == (stored == nil ? .float32 : .uint8), taken.shape.rank == 4, taken.shape[0] == 1,
      taken.shape[3] == 3
    else {
      throw RunError(
        .model, "run", plan.name, "its input is \(taken)",
        hint: "one RGB picture as float32 is what can be given")
    }
    guard given.dtype == .float32 || given.dtype == .uint8, given.shape.rank == 4, given.shape[0] == 1,
      (1...255).contains(given.shape[3])
    else {
      throw RunError(
        .model, "run", plan.name, "its output is \(given)",
        hint: "a score for each of 1 to 255 classes is needed")
    }
    let (rows, columns) = (taken.shape[1], taken.shape[2])
    if let picture, picture.width > columns || picture.height > rows {
      throw RunError(
        .model, "run", plan.name, "its picture of \(picture) is larger than its input of \(columns)x\(rows)",
        hint: "correct the metadata 'picture'")
    }
    self.init(
      input: ModelInputFormat(
        rows: rows, columns: columns, contentRows: picture?.height, contentColumns: picture?.width,
        dtype: taken.dtype, mean: mean, scale: scale, order: order, quantization: stored),
      logits: LogitsFormat(
        rows: given.shape[1], columns: given.shape[2], classes: given.shape[3], dtype: given.dtype),
      byteCount: plan.weightBytes + plan.sessionBytes(threads: threads))
  }
}
