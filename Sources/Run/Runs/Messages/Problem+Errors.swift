// SPDX-License-Identifier: Apache-2.0

internal import Frames
internal import GraphIR
internal import Networks
internal import ONNX
internal import Planning
internal import Scenes
internal import Stages

extension Problem {
  /// What the user is told about an error of the libraries below.
  ///
  /// - Parameter subject: the model file that was at work, where that is known.
  public init(_ error: any Error, subject: String? = nil) {
    let place = subject.map { "\($0): " } ?? ""
    switch error {
    case let error as Problem: self = error
    case let error as FramesError: self.init(error)
    case let error as ConfigError:
      self.init(.configuration, "RM-CONF-001", "\(error)", hint: error.hint)
    case let error as TestSourceError:
      self.init(
        .usage, "RM-IN-006", "cannot read source '\(error.source)': \(error.problem)", hint: error.hint)
    case let error as ONNXError:
      self.init(
        .badData, "RM-MODEL-002", "\(error.path.map { "\($0): " } ?? place)\(error.problem)", hint: error.hint
      )
    case let error as GraphError:
      let text = GraphError(node: error.node, op: error.op, error.problem).description
      self.init(.badData, "RM-MODEL-003", place + text, hint: error.hint)
    case let error as PlanningError:
      let text = PlanningError(node: error.node, op: error.op, error.problem).description
      self.init(
        .badData, "RM-MODEL-004", place + text, hint: error.hint ?? "'roadmask model check' lists all nodes")
    case let error as NetworkError:
      self.init(.badData, "RM-MODEL-005", place + error.problem, hint: error.hint)
    case let error as RunError: self.init(error)
    default:
      self.init(
        .internalFault, "RM-BUG-001", "\(error)", hint: "this is a fault of roadmask; please report it")
    }
  }

  /// A command line that cannot be read.
  ///
  /// - Parameters:
  ///   - words: what the parser says: "Unknown option '--alpah'. Did you mean '--alpha'?"
  ///   - usage: the same with its usage lines, the last of which names the help.
  public init(words: String, usage: String) {
    let parts = words.split(separator: ". Did you mean ", maxSplits: 1).map(String.init)
    var text = parts.first ?? words
    text = text.prefix(1).lowercased() + text.dropFirst()
    let help = usage.split(separator: "'").last { $0.hasSuffix("--help") } ?? "roadmask --help"
    let guess = parts.count == 2 ? "did you mean \(parts[1]); " : ""
    self.init(.usage, "RM-USE-006", text, hint: guess + "see '\(help)'")
  }

  private init(_ error: RunError) {
    switch error.kind {
    case .configuration: self.init(.usage, "RM-RUN-002", "\(error)", hint: error.hint)
    case .exposed: self.init(.usage, "RM-HTTP-002", "\(error)", hint: error.hint)
    case .level: self.init(.usage, "RM-USE-004", "\(error)", hint: error.hint)
    case .model: self.init(.badData, "RM-MODEL-008", "\(error)", hint: error.hint)
    case .unbalanced: self.init(.internalFault, "RM-BUG-002", "\(error)", hint: error.hint)
    }
  }

  private init(_ error: FramesError) {
    let isListening = error.kind == .cannotCreate && error.operation == "listen on"
    let (status, id) = isListening ? (.cannotCreate, "RM-HTTP-001") : Problem.codes(of: error.kind)
    self.init(status, id, error.description, hint: error.hint)
  }

  private static func codes(of kind: FramesError.Kind) -> (ExitStatus, String) {
    switch kind {
    case .notFound: (.noInput, "RM-IN-001")
    case .invalidData: (.badData, "RM-IN-002")
    case .noVideoStream: (.badData, "RM-IN-003")
    case .noFrames: (.badData, "RM-IN-004")
    case .sizeMismatch: (.badData, "RM-IN-005")
    case .unfinished: (.badData, "RM-IN-008")
    case .unsupportedSource: (.badData, "RM-IN-009")
    case .unreadable: (.writeFailed, "RM-IN-007")
    case .permission: (.noPermission, "RM-FILE-001")
    case .unreachable, .timedOut: (.unavailable, "RM-NET-001")
    case .unauthorized: (.noPermission, "RM-NET-004")
    case .noStream: (.noInput, "RM-NET-005")
    case .unknownHost: (.unavailable, "RM-NET-006")
    case .untrusted: (.unavailable, "RM-NET-007")
    case .notAllowed: (.noPermission, "RM-IN-010")
    case .gone: (.unavailable, "RM-NET-002")
    case .stalled: (.unavailable, "RM-NET-003")
    case .busy: (.unavailable, "RM-CAM-001")
    case .notCamera: (.badData, "RM-CAM-002")
    case .deviceAccess: (.noPermission, "RM-CAM-003")
    case .interrupted: (.interrupted, "RM-RUN-001")
    case .exists: (.cannotCreate, "RM-OUT-001")
    case .cannotCreate: (.cannotCreate, "RM-OUT-002")
    case .unsupportedEncoder, .unsupportedOutput: (.usage, "RM-OUT-003")
    case .diskFull: (.writeFailed, "RM-OUT-004")
    case .io: (.writeFailed, "RM-OUT-005")
    case .usage: (.usage, "RM-USE-001")
    case .outOfMemory: (.noResources, "RM-SYS-001")
    }
  }
}
