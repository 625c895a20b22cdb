// SPDX-License-Identifier: Apache-2.0

public import Addresses
internal import Foundation
internal import Frames
internal import Stages

/// Looks at all files that a run would write before it opens the first, so that a run that cannot be leaves
/// nothing behind, and no run writes over what it reads.
public struct OutputCheck: Sendable {
  /// A file that would be written.
  public struct Target: Sendable {
    public var path: String
    public var overwrite: Bool
    /// Numbered pictures, which must not mix with those of the source.
    var isSeries: Bool
    /// The folder is made where its own folder is there.
    var makesFolder: Bool

    public init(path: String, overwrite: Bool) {
      self.init(path: path, overwrite: overwrite, isSeries: false)
    }

    init(path: String, overwrite: Bool, isSeries: Bool, makesFolder: Bool = false) {
      self.path = path
      self.overwrite = overwrite
      self.isSeries = isSeries
      self.makesFolder = makesFolder
    }
  }

  public var targets: [Target] = []
  /// Files that are read, with what they are: "the source".
  private(set) var inputs: [(path: String, role: String)] = []
  /// Names for what is made of the source's pictures.
  private var pictureNames: [String] = []
  /// How many outputs go to standard output.
  private(set) var standardOutputs = 0

  public init() {}

  /// - Parameter renewsReport: the report of an earlier run gives way to that of the next.
  init(_ config: PipelineConfig, model: String, overwrite: Bool, renewsReport: Bool = false) {
    add(input: config.source.address, "the source")
    inputs += config.source.clips.map { ($0, "a recording of the source") }
    inputs.append((model, "the model"))
    for output in config.outputs { add(output) }
    let others = overwrite || config.outputs.contains(where: \.overwrite)
    if let stats = config.statsFile { add(Target(path: stats, overwrite: others)) }
    if let trace = config.inspection.trace { add(Target(path: trace, overwrite: others)) }
    for folder in config.inspection.taps.folders {
      // Whatever it holds: pictures and tensors have names of their own.
      for ending in ["png", "npy"] {
        add(Target(path: "\(folder)/000000.\(ending)", overwrite: others, isSeries: true, makesFolder: true))
      }
    }
    if let report = config.report.file {
      add(Target(path: report, overwrite: overwrite || renewsReport))
    } else if config.report.format == .json && !renewsReport {
      standardOutputs += 1
    }
  }

  private mutating func add(_ target: Target) {
    if OutputAddress(target.path) == .standardOutput { standardOutputs += 1 } else { targets.append(target) }
  }

  /// Names what is read; a folder or pattern stands for its pictures. What is no file is nothing to be kept.
  public mutating func add(input address: SourceAddress, _ role: String) {
    switch address {
    case .file(let path): inputs.append((path, role))
    case .camera(.path(let path)): inputs.append((path, role))
    case .pictures(let path):
      inputs.append((path, role))
      inputs += (ClipList(path)?.paths ?? []).map { ($0, "a recording of \(role)") }
      let pictures = (try? ImageSequenceReader(path).paths) ?? []
      inputs += pictures.map { ($0, "a picture of \(role)") }
      pictureNames = PictureNames.unique(for: pictures)
    case .standardInput, .camera(.word), .stream, .test: break
    }
  }

  private mutating func add(_ output: OutputConfig) {
    if output.kind == .null { return }
    switch output.address {
    case .none, .push, .device, .page: return
    case .standardOutput:
      standardOutputs += 1
      return
    case .playlist(let folder):
      // Its segments are numbered; one of them there means that the folder is in use.
      let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
      let there = names.filter { $0.hasSuffix(".ts") && $0.dropLast(3).allSatisfy(\.isNumber) }.sorted().first
      targets.append(
        Target(
          path: folder + "/" + (there ?? "index.m3u8"), overwrite: output.overwrite, isSeries: true,
          makesFolder: true))
    case .file where output.kind == .png:
      add(PicturePattern(folder: output.pictureFolder), output)
    case .pictures(let pattern): add(pattern, output)
    case .file(let path):
      targets.append(Target(path: output.fixedPath ?? path, overwrite: output.overwrite))
    }
    guard output.kind == .mask || output.kind == .png else { return }
    // That of a series of files is written again by each run.
    let isSeries = output.segment != nil || output.uri.contains("%")
    targets.append(Target(path: output.classMapPath, overwrite: output.overwrite || isSeries))
  }

  /// Of many pictures one stands for all: one that is there already, else the first.
  private mutating func add(_ pattern: PicturePattern, _ output: OutputConfig) {
    let names = pattern.folder == nil ? [] : pictureNames
    let paths = (0..<max(1, names.count)).map { pattern.path($0, names: names) }
    let path = paths.first { FileIdentity($0) != nil } ?? paths[0]
    targets.append(
      Target(
        path: path, overwrite: output.overwrite, isSeries: true, makesFolder: pattern.folder != nil))
  }

  /// - Throws: `Problem` for the first thing that is wrong.
  public func run() throws {
    guard standardOutputs <= 1 else {
      throw Problem(
        .usage, "RM-OUT-007", "standard output would be written by \(standardOutputs) outputs",
        hint: "let one have it and name files for the others; --report-file moves a report in json")
    }
    let read = inputs.compactMap { input in FileIdentity(input.path).map { ($0, input.role) } }
    var places: [String: String] = [:]
    for target in targets {
      try Console.refuseDash(target.path)
      let found = FileIdentity(target.path)
      if let found, let (_, role) = read.first(where: { $0.0 == found }) {
        throw Problem(
          .cannotCreate, "RM-OUT-006", "cannot write \(target.path): it is \(role)",
          hint: "give the output another name")
      }
      if let found, found.isFolder {
        throw Problem(
          .cannotCreate, "RM-OUT-002", "cannot create \(target.path): it is a folder",
          hint: "give the output a name of its own")
      }
      try checkFolder(of: target)
      if found?.isRegular ?? true {
        let place = FileIdentity.place(of: target.path)
        guard places.updateValue(target.path, forKey: place) == nil else {
          throw Problem(
            .usage, "RM-OUT-007", "\(target.path) would be written twice",
            hint: "give each output a name of its own")
        }
      }
      if found?.isRegular == true { try Console.refuseExisting(target.path, overwrite: target.overwrite) }
    }
  }

  /// Takes away the files that a run without frames made.
  func removeTargets() {
    for target in targets {
      let attributes = try? FileManager.default.attributesOfItem(atPath: target.path)
      guard attributes?[.type] as? FileAttributeType == .typeRegular else { continue }
      try? FileManager.default.removeItem(atPath: target.path)
    }
  }

  private func checkFolder(of target: Target) throws {
    let name = FileIdentity.folder(of: target.path)
    guard let folder = FileIdentity(name) else {
      if target.makesFolder { return try checkFolder(of: Target(path: name, overwrite: false)) }
      throw Problem(
        .cannotCreate, "RM-OUT-002", "cannot create \(target.path): there is no folder \(name)",
        hint: "make it first: mkdir -p \(name)")
    }
    guard folder.isFolder else {
      throw Problem(
        .cannotCreate, "RM-OUT-002", "cannot create \(target.path): \(name) is a file, not a folder",
        hint: "give another folder")
    }
    let pictures = inputs.first { $0.role.hasPrefix("a picture") }
    if target.isSeries, let pictures,
      FileIdentity(FileIdentity.folder(of: pictures.path)) == folder
    {
      throw Problem(
        .cannotCreate, "RM-OUT-006", "cannot write pictures into \(name): those of the source are there",
        hint: "give another folder")
    }
  }
}

/// Which file a path leads to, links followed.
struct FileIdentity: Equatable {
  private var device: UInt
  private var inode: UInt
  private var mode: UInt32

  /// `nil` where there is nothing.
  init?(_ path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    (device, inode, mode) = (UInt(status.st_dev), UInt(status.st_ino), UInt32(status.st_mode))
  }

  var isFolder: Bool { mode & UInt32(S_IFMT) == UInt32(S_IFDIR) }
  var isRegular: Bool { mode & UInt32(S_IFMT) == UInt32(S_IFREG) }

  /// The folder of a path; NSString's own answer traps on names of one letter.
  static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// The one name of all names of a file, whether it exists or not.
  static func place(of path: String) -> String {
    URL(fileURLWithPath: path).resolvingSymlinksInPath().standardizedFileURL.path
  }
}
