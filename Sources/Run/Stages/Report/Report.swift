// SPDX-License-Identifier: Apache-2.0

public import Frames

/// This release of Roadmask: the one place where its version stands.
public enum Release {
  public static let version = "0.1.0"
}

/// Everything a run reports at its end. `text`, `markdown` and `json` say it in three forms.
public struct Report: Sendable {
  public struct Input: Sendable {
    public var uri = ""
    public var codec = ""
    public var width = 0
    public var height = 0
    public var rate: Double?
    public var isVariableRate: Bool?
    public var matrix = ""
    public var range = ""

    public init() {}
  }

  public struct Model: Sendable {
    public var name = ""
    public var sha256: String?
    public var precision = ""
    public var isExact = false
    public var width = 0
    public var height = 0
    public var classes = 0
    public var license = "unknown"

    public init() {}
  }

  public struct Machine: Sendable {
    public var cpu = ""
    public var level = ""
    public var threads = 1
    /// CPUs that the process may use.
    public var cpus = 1
    public var ffmpeg: String?

    public init() {}
  }

  public struct Output: Sendable, Equatable {
    public var uri: String
    public var kind: String
    public var written: Int
    public var dropped: Int
    public var failed: Int
    public var bytes: Int64?
    /// Times that it could not be opened or written.
    public var errors: Int

    public init(
      uri: String, kind: String, written: Int = 0, dropped: Int = 0, failed: Int = 0, bytes: Int64? = nil,
      errors: Int = 0
    ) {
      self.uri = uri
      self.kind = kind
      self.written = written
      self.dropped = dropped
      self.failed = failed
      self.bytes = bytes
      self.errors = errors
    }
  }

  public var version = Release.version
  public var exit = 0
  public var pipeline = "main"
  public var policy = OverloadPolicy.block
  public var input = Input()
  public var model: Model?
  public var machine = Machine()
  public var figures: PipelineFigures
  public var outputs: [Output] = []
  public var process: ProcessFigures
  /// CPU seconds of the run itself.
  public var cpuSeconds = 0.0
  /// `nil` where the CPU does not tell.
  public var isThrottled: Bool?
  /// Times that the source came back, and frames it would have given while it was away.
  public var reconnects = 0
  public var missingFrames = 0
  public var damage = SourceDamage()
  /// What of the source beside its pictures is in the outputs, and what is not, each in words.
  public var kept: [String] = []
  public var leftOut: [String] = []

  public init(figures: PipelineFigures, process: ProcessFigures) {
    self.figures = figures
    self.process = process
  }
}

extension PipelineFigures {
  /// Delivered frames a second.
  public var outRate: Double { wallSeconds > 0 ? Double(ledger.out) / wallSeconds : 0 }

  /// Media seconds for each second of the run.
  public var speed: Double { wallSeconds > 0 ? mediaSeconds / wallSeconds : 0 }

  /// Stages from the lowest capacity up.
  private var byCapacity: [StageFigures] {
    stages.filter { $0.capacity != nil }.sorted { ($0.capacity ?? 0, $0.name) < ($1.capacity ?? 0, $1.name) }
  }

  /// The stage that could do the fewest frames a second.
  public var bottleneck: StageFigures? { byCapacity.first }

  /// The stage that would be the bottleneck if that one cost nothing.
  public var nextLimit: StageFigures? { byCapacity.dropFirst().first }

  /// What `argmax` and `overlay` cost, as a share of `infer`.
  public var shareAfterInfer: Double? {
    func mean(_ name: StageName) -> Double? { stages.first { $0.name == name }?.service?.mean }
    guard let infer = mean(.infer), infer > 0, let argmax = mean(.argmax), let overlay = mean(.overlay)
    else { return nil }
    return (argmax + overlay) / infer
  }
}
