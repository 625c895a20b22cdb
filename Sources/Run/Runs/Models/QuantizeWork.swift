// SPDX-License-Identifier: Apache-2.0

public import Buffers
internal import Foundation
internal import Frames
public import GraphIR
internal import ONNX
public import Planning
internal import Quantization
public import Stages
internal import Workers

/// From a float model to a file of 8 bits, or of halves, and how the two differ.
public struct QuantizeWork {
  let model: String
  let config: PipelineConfig
  let keepsReal: (String) -> Bool

  public init(model: String, config: PipelineConfig, keepsReal: @escaping (String) -> Bool) {
    self.model = model
    self.config = config
    self.keepsReal = keepsReal
  }

  /// A file that is written and looked at before it takes its name.
  public struct Draft {
    public let path: String
    let target: String

    public func publish() throws {
      if let found = FileIdentity(target), !found.isRegular {
        return try Console.write(Data(contentsOf: URL(fileURLWithPath: path)), to: target)
      }
      guard rename(path, target) == 0 else {
        throw Problem(
          .cannotCreate, "RM-OUT-002", "cannot create \(target): \(String(cString: strerror(errno)))",
          hint: "check that the folder may be written")
      }
    }

    public func discard() { unlink(path) }

    /// "8.1 -> 2.4 MB".
    public func sizes(from model: String) -> String {
      func megabytes(_ path: String) -> Double {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return Double(attributes?[.size] as? Int ?? 0) / 1e6
      }
      return String(format: "%.1f -> %.1f MB", megabytes(model), megabytes(path))
    }
  }

  /// Shows the model its pictures.
  public func calibrate(frames: Int) throws -> CalibratedModel {
    let loaded = try LoadedModel(path: model, level: .best, precision: .fp32)
    guard loaded.description.precision == "fp32" else {
      throw Problem(
        .badData, "RM-MODEL-009", "\(model): it is quantized already", hint: "quantize the model of floats")
    }
    let format = try loaded.inference(threads: config.threadBudget).input
    let examples = try ExampleReader.read(config, input: format, count: frames)
    do {
      return try CalibratedModel(
        ONNXReader.read(model, .picture()), examples: examples,
        pool: WorkerPool(threads: config.threadBudget.inferWorkers), keepingReal: keepsReal)
    } catch {
      throw Problem(error, subject: model)
    }
  }

  /// Pictures as the model takes them.
  public func examples(_ count: Int) throws -> [AlignedBytes] {
    let format = try LoadedModel(path: model, level: .best, precision: .fp32)
      .inference(threads: config.threadBudget).input
    return try ExampleReader.read(config, input: format, count: count)
  }

  /// Rounds to halves, and writes beside `target`.
  public func writeHalves(beside target: String) throws -> Draft {
    do {
      let graph = try ONNXReader.read(model, .picture())
      guard !graph.isQuantized, graph.metadata["precision"] != "fp16" else {
        throw Problem(
          .badData, "RM-MODEL-009", "\(model): it is in \(graph.isQuantized ? "8 bits" : "fp16") already",
          hint: "give the model of floats")
      }
      return try draft(of: try graph.foldedForQuantization().halved(), beside: target)
    } catch {
      throw Problem(error, subject: model)
    }
  }

  /// Writes a form of the model beside `target`.
  public func draft(of graph: Graph, beside target: String) throws -> Draft {
    var graph = graph
    // The written file has one size and one output.
    graph.metadata[Graph.openSizeKey] = nil
    graph.metadata[Graph.assumedKey] = nil
    graph.metadata["parent_sha256"] = try FileDigest.sha256(model)
    // The name ends as model files do.
    let draft = Draft(path: target + ".part.onnx", target: target)
    try ONNXWriter.write(graph, to: draft.path)
    return draft
  }

  /// Where the labels of both agree on `examples`, and how long both take.
  public func compare(with stored: LoadedModel, on examples: [AlignedBytes]) throws -> String {
    let float = try LoadedModel(path: model, level: .best, precision: .fp32).inference(
      threads: config.threadBudget)
    let integer = try stored.inference(threads: config.threadBudget)
    let (before, beforeTime) = labels(float, examples)
    // Each takes pictures in its own form.
    let (after, afterTime) = labels(
      integer, try ExampleReader.read(config, input: integer.input, count: examples.count))
    let same = zip(before, after).count { $0 == $1 }
    return String(
      format:
        "agreement  %.2f %% of labels on the calibration pictures\nspeed      infer %.1f -> %.1f fps here",
      100 * Double(same) / Double(max(before.count, 1)), 1 / beforeTime, 1 / afterTime)
  }

  /// - Returns: the best class of each score pixel, and the median seconds of a run.
  private func labels(
    _ inference: SessionInference, _ examples: [AlignedBytes]
  ) -> ([UInt8], seconds: Double) {
    let format = inference.logits
    let count = format.rows * format.columns * format.pixelStride
    let scores = AlignedBytes(count: count * format.dtype.byteCount)
    var labels: [UInt8] = []
    var times: [Duration] = []
    func add<Score: Comparable>(_ type: Score.Type) {
      let values = UnsafeBufferPointer(start: scores.pointer.assumingMemoryBound(to: type), count: count)
      labels += bestClasses(values, classes: format.classes, pixelStride: format.pixelStride)
    }
    for example in examples {
      times.append(ContinuousClock().measure { inference.run(example.pointer, into: scores.pointer) })
      if format.dtype == .float32 { add(Float.self) } else { add(UInt8.self) }
    }
    return (labels, times.sorted()[times.count / 2] / .seconds(1))
  }
}

extension Plan {
  /// "58 of 58 operators int8, exact".
  public var workLine: String {
    let work = work
    let count = ["int8": work.integer, "fp16": work.half, "bf16": work.half][precision] ?? work.steps
    let kind = precision == "int8" ? (isExact ? ", exact" : ", mixed") : ""
    return "\(count) of \(work.steps) operators \(precision)\(kind)"
  }
}
