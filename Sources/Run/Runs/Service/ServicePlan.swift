// SPDX-License-Identifier: Apache-2.0

internal import Addresses
internal import Foundation
internal import Frames
public import Stages

/// What `serve` runs, read and checked as a whole before anything starts.
public struct ServicePlan {
  public struct Pipeline: Sendable {
    public var file: String
    public var config: PipelineConfig
    public var name: String
  }

  public let threads: ThreadBudget
  /// `threads` is what the machine allowed, which may change.
  let followsMachine: Bool
  private(set) var pipelines: [Pipeline]
  /// The most threads that each file asks for.
  private let wishes: [Int?]

  /// - Parameter threads: of all pipelines together; `nil` for what the machine allows.
  /// - Throws: `Problem` for the first thing that is wrong with a file, or with two of them together.
  public init(files: [String], threads: ThreadBudget?) throws {
    self.threads = threads ?? .available
    followsMachine = threads == nil
    pipelines = try files.map(ServicePlan.read)
    wishes = pipelines.map(\.config.flow.threads)
    try refuseEqualNames()
    try refuseSharedPlaces()
    for (index, share) in shares(of: self.threads).enumerated() {
      pipelines[index].config.flow.threads = share
    }
  }

  /// A pipeline file with the defaults of an appliance, which describes a run that this machine could begin.
  ///
  /// - Throws: `ConfigError`, or a `Problem` that names the file.
  public static func read(_ file: String) throws -> Pipeline {
    var config = try PipelineConfig.load(file)
    config.report.progress = .none
    config.source.reconnect.attempts = config.source.reconnect.attempts ?? .forever
    for index in config.outputs.indices {
      config.outputs[index].onError = config.outputs[index].onError ?? .continue
    }
    do {
      try config.check()
    } catch let error as RunError where error.kind == .level {
      var problem = Problem(error)
      problem.text = "\(file): \(problem.text)"
      throw problem
    } catch {
      let problem = Problem(error)
      throw Problem(.configuration, "RM-SERVE-001", "\(file): \(problem.text)", hint: problem.hint)
    }
    if let output = config.outputForOneRun {
      throw Problem(
        .configuration, "RM-SERVE-001",
        "\(file): the pictures \(output.uri) of one run would stop the next from starting",
        hint: "let them go with 'overwrite: true', or have one run with 'restart: { policy: never }'")
    }
    if config.restart.policy != .never, let folder = config.inspection.taps.folders.first {
      throw Problem(
        .configuration, "RM-SERVE-001",
        "\(file): what a stage gives in one run, in \(folder), would stop the next from starting",
        hint: "'inspect: tap:' is for 'restart: { policy: never }', or for roadmask run --config")
    }
    return Pipeline(file: file, config: config, name: config.name ?? "main")
  }

  /// Threads for each pipeline.
  func shares(of total: ThreadBudget) -> [Int] { ThreadBudget.shares(of: total, among: wishes) }

  private func refuseEqualNames() throws {
    var owners: [String: String] = [:]
    for pipeline in pipelines {
      guard let other = owners.updateValue(pipeline.file, forKey: pipeline.name) else { continue }
      throw Problem(
        .configuration, "RM-SERVE-002", "\(pipeline.file): \(other) is called '\(pipeline.name)' too",
        hint: "give each pipeline a 'name' of its own")
    }
  }

  /// No two pipelines write to one place, read one device, or read what another writes.
  private func refuseSharedPlaces() throws {
    var written: [String: Pipeline] = [:], devices: [String: Pipeline] = [:]
    for pipeline in pipelines {
      for (place, uri) in writes(pipeline) {
        guard let other = written.updateValue(pipeline, forKey: place) else { continue }
        throw Problem(
          .configuration, "RM-SERVE-002", "\(pipeline.file): '\(other.name)' writes \(redacted(uri)) too",
          hint: "give each output a place of its own")
      }
      guard let device = device(pipeline.config.source.address) else { continue }
      if let other = devices.updateValue(pipeline, forKey: device) {
        throw Problem(
          .configuration, "RM-SERVE-002", "\(pipeline.file): '\(other.name)' reads the same camera",
          hint: "a camera serves one program at a time; let one pipeline have several outputs")
      }
    }
    for pipeline in pipelines {
      guard let source = pipeline.config.source.address.path,
        let other = written[FileIdentity.place(of: source)]
      else { continue }
      throw Problem(
        .configuration, "RM-SERVE-002", "\(pipeline.file): its source is written by '\(other.name)'",
        hint: "read the other pipeline's own source")
    }
  }

  private func writes(_ pipeline: Pipeline) -> [(place: String, uri: String)] {
    let config = pipeline.config
    // Pages of several pipelines share a port.
    let check = OutputCheck(config, model: "", overwrite: false, renewsReport: true)
    let streams =
      config.outputs.filter(\.address.isExclusive).map(\.uri) + (check.standardOutputs > 0 ? ["-"] : [])
    let files = check.targets.map(\.path)
    return streams.map { ($0, $0) }
      + files.filter { $0 != "/dev/null" }.map { (FileIdentity.place(of: $0), $0) }
  }

  /// What only one program can read.
  private func device(_ address: SourceAddress) -> String? {
    switch address {
    case .standardInput: "-"
    case .camera(.word(let word)): "cam:" + word
    case .camera(.path(let path)): FileIdentity.place(of: path)
    case .file, .pictures, .stream, .test: nil
    }
  }

  /// For `--dry-run`.
  public var description: [String] {
    var lines = ["threads    \(threads.total) for \(pipelines.count)"]
    for pipeline in pipelines {
      let config = pipeline.config
      let model = try? ModelStore.path(of: config.model.file, precision: config.model.precision)
      lines += [
        "", "pipeline   \(pipeline.name)  (\(pipeline.file))",
        "in         \(redacted(config.source.uri))  policy \(config.likelyPolicy)",
        "net        \(model ?? "model '\(config.model.file ?? "")' is not installed")",
      ]
      lines += config.outputs.map { "out        \(redacted($0.uri))" }
      lines.append(
        "run        \(config.flow.threads ?? 1) threads  restart \(config.restart.policy.rawValue) "
          + "after \(config.restart.backoff.shortest) to \(config.restart.backoff.longest)")
    }
    return lines
  }
}
