// SPDX-License-Identifier: Apache-2.0

internal import Addresses
internal import Foundation
internal import Frames
public import Stages

/// What the words of a command line ask for, before they are read: an option beats `--set`, which beats the pipeline
/// file, which beats the default.
public struct RunRequest {
  /// An option as the user writes it, the key of the pipeline file that it stands for, and its value if given.
  public typealias Setting = (option: String, key: String, value: String?)

  /// The pipeline file.
  public var file: String?
  /// `key=value`, as behind `--set`.
  public var sets: [String] = []
  public var settings: [Setting] = []
  /// `key=value`, as behind `--input-option`.
  public var inputOptions: [String] = []
  /// The output of the command line; with none named anywhere, a file gets `<stem>.seg.mp4`.
  public var output: String?
  public var outputFormat: String?
  /// Outputs besides: by `-o`, and those that are not pictures.
  public var more: [String] = []
  public var mask: String?
  public var maskPNG: String?
  public var truth: String?
  /// `[stage=]file`.
  public var sums: [String] = []
  public var ids: String?
  /// `stage=folder`, as behind `--tap`.
  public var taps: [String] = []
  /// For all outputs: true overwrites, false does not.
  public var overwrites: Bool?
  /// Keys of one output that hold for all that can have them.
  public var outputSettings: [Setting] = []
  /// The same, of outputs that are cut into files.
  public var fileSettings: [Setting] = []

  public init() {}

  /// The run that is asked for.
  ///
  /// - Throws: `ConfigError` for a pipeline file or `--set`, `Problem` for an option.
  public func config() throws -> PipelineConfig {
    var config = try file.map(PipelineConfig.load) ?? PipelineConfig()
    for word in sets { try config.set(word) }
    for setting in settings { try RunRequest.apply(setting, under: "", to: &config) }
    for word in inputOptions {
      guard let equals = word.firstIndex(of: "="), equals > word.startIndex else {
        throw Problem(
          .usage, "RM-USE-002", "--input-option cannot be '\(word)'",
          hint: "write key=value, as in fflags=nobuffer")
      }
      config.source.options[String(word[..<equals])] = String(word[word.index(after: equals)...])
    }
    for word in taps {
      let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2, ["decode", "resize", "infer", "argmax", "overlay"].contains(parts[0]) else {
        throw Problem(
          .usage, "RM-USE-002", "--tap cannot be '\(word)'",
          hint: "write stage=folder, the stage being decode, resize, infer, argmax or overlay")
      }
      try config.set("inspect.tap.\(parts[0])=\(parts[1])")
    }
    addPicture(to: &config)
    try addLabels(to: &config)
    for index in config.outputs.indices {
      if let overwrites { config.outputs[index].overwrite = overwrites }
      let output = config.outputs[index]
      let isCut = [nil, .video, .mask, .truth].contains(output.kind) && output.isFile
      for setting in outputSettings + (isCut ? fileSettings : []) {
        try RunRequest.apply(setting, under: "outputs.\(index).", to: &config)
      }
    }
    config.hideSecrets()
    return config
  }

  private static func apply(_ setting: Setting, under prefix: String, to config: inout PipelineConfig) throws
  {
    guard let value = setting.value else { return }
    do {
      try config.set("\(prefix)\(setting.key)=\(value)")
    } catch let error as ConfigError {
      // The user wrote an option, and knows no key.
      throw Problem(.usage, "RM-USE-002", "\(setting.option) cannot be '\(value)'", hint: error.hint)
    }
  }

  private func addPicture(to config: inout PipelineConfig) {
    let isOpen = config.outputs.isEmpty && more.isEmpty && !config.source.uri.isEmpty
    if let output = output ?? (isOpen ? Self.defaultOutput(for: config.source.address) : nil) {
      // The output of the command line stands for the file's picture.
      config.outputs.removeAll { $0.kind == nil || $0.kind == .video || $0.kind == .null }
      config.outputs.insert(OutputConfig(uri: output), at: 0)
      config.outputs[0].format = outputFormat
    }
    for uri in more { config.outputs.append(OutputConfig(uri: uri)) }
  }

  private func addLabels(to config: inout PipelineConfig) throws {
    func add(_ uri: String?, _ kind: OutputConfig.Kind, tap: OutputConfig.Tap = .argmax) throws {
      guard let uri else { return }
      var output = OutputConfig(uri: uri, kind: kind)
      output.tap = tap
      if let ids {
        guard let known = OutputConfig.Ids(rawValue: ids) else {
          throw Problem(.usage, "RM-USE-002", "--ids \(ids): there are no such ids", hint: "train or label")
        }
        output.ids = known
      }
      config.outputs.append(output)
    }
    try add(mask, .mask)
    try add(maskPNG, .png)
    try add(truth, .truth)
    for word in sums {
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 2 else {
        try add(word, .hash)
        continue
      }
      guard let tap = OutputConfig.Tap(rawValue: parts[0]) else {
        throw Problem(
          .usage, "RM-USE-002", "--hash \(word): no checksums are taken after '\(parts[0])'",
          hint: "decode, argmax or overlay")
      }
      try add(parts[1], .hash, tap: tap)
    }
  }

  /// `<stem>.seg.mp4` beside a file or folder, else nothing.
  static func defaultOutput(for address: SourceAddress) -> String {
    guard let uri = address.path, !uri.hasPrefix("/dev/"), !uri.contains("*") else { return "null:" }
    var isFolder: ObjCBool = false
    _ = FileManager.default.fileExists(atPath: uri, isDirectory: &isFolder)
    var stem = uri
    while stem.count > 1, stem.hasSuffix("/") { stem.removeLast() }
    if !isFolder.boolValue, let dot = stem.lastIndex(of: "."), !stem[dot...].contains("/") {
      stem = String(stem[..<dot])
    }
    // A percent sign of the name is no directive of ours.
    return stem.replacing("%", with: "%%") + ".seg.mp4"
  }
}
