// SPDX-License-Identifier: Apache-2.0

internal import Addresses
internal import Buffers
internal import CPU
internal import Frames
internal import Pixels

/// A value that is written as one word in a pipeline file or behind `--set key=`.
protocol ConfigValue: SendableMetatype {
  /// What may be written, for messages.
  static var form: String { get }
  init?(configText: String)
  var configText: String { get }
  /// For a limit; `nil` if the value is no number.
  var limitable: Double? { get }
  /// Pipeline files may write a list, whose words come here joined by commas.
  static var isList: Bool { get }
}

extension ConfigValue {
  var limitable: Double? { nil }
  static var isList: Bool { false }
}

extension Bool: ConfigValue {
  static var form: String { "true or false" }
  init?(configText text: String) { self.init(text) }
  var configText: String { "\(self)" }
}

extension Int: ConfigValue {
  static var form: String { "a whole number" }
  init?(configText text: String) { self.init(text) }
  var configText: String { "\(self)" }
  var limitable: Double? { Double(self) }
}

extension Double: ConfigValue {
  static var form: String { "a number" }
  init?(configText text: String) {
    guard let value = Double(text), value.isFinite else { return nil }
    self = value
  }
  var configText: String { "\(self)" }
  var limitable: Double? { self }
}

extension String: ConfigValue {
  static var form: String { "text" }
  init?(configText text: String) { self = text }
  var configText: String { self }
}

/// `none` and `auto` stand for no value, unless the wrapped type has a word `none` of its own. Where no value is
/// not the standard, `Setting` tells the two words apart.
extension Optional: ConfigValue where Wrapped: ConfigValue {
  static var form: String { "\(Wrapped.form), auto or none" }
  init?(configText text: String) {
    let value = text == "auto" ? nil : Wrapped(configText: text)
    if let value, text != "none" || !(value is String) {
      self = value
    } else if text == "none" || text == "auto" {
      self = .none
    } else {
      return nil
    }
  }
  var configText: String { self?.configText ?? "auto" }
  var limitable: Double? { self?.limitable }
}

extension ConfigValue where Self: RawRepresentable & CaseIterable, RawValue == String {
  static var form: String { allCases.map(\.rawValue).joined(separator: ", ") }
  init?(configText text: String) { self.init(rawValue: text) }
  var configText: String { rawValue }
}

extension Rotation: ConfigValue {
  static var form: String { allCases.map { "\($0.rawValue)" }.joined(separator: ", ") }
  init?(configText text: String) {
    guard let degrees = Int(text) else { return nil }
    self.init(rawValue: degrees)
  }
  var configText: String { "\(rawValue)" }
}

extension OverloadPolicy: ConfigValue {}
extension CPULevel: ConfigValue {}
extension ColorMatrix: ConfigValue {}
extension ColorRange: ConfigValue {}
extension VideoReader.Transport: ConfigValue {}
extension PipelineConfig.Model.Precision: ConfigValue {}
extension PipelineConfig.Flow.Adapt: ConfigValue {}
extension PipelineConfig.Resize.Fit: ConfigValue {}
extension LabelFilter: ConfigValue {}
extension OverlayView: ConfigValue {}
extension SoundMode: ConfigValue {}
extension Deinterlacing: ConfigValue {}
extension HDRMode: ConfigValue {}
extension PipelineConfig.Restart.Policy: ConfigValue {}
extension PipelineConfig.ReportOptions.Form: ConfigValue {}
extension PipelineConfig.ReportOptions.Progress: ConfigValue {}
extension OutputConfig.Kind: ConfigValue {}
extension OutputConfig.Ids: ConfigValue {}
extension OutputConfig.OnError: ConfigValue {}
extension OutputConfig.Tap: ConfigValue {}
extension OutputConfig.OnSlow: ConfigValue {}
extension OutputConfig.Sync: ConfigValue {}

extension PixelSize: ConfigValue {
  static var form: String { "a size such as 1024x512" }
  init?(configText text: String) { self.init(text) }
  var configText: String { description }
}

extension ByteCount: ConfigValue {
  static var form: String { "a size with its unit (kB, MB, GB, KiB, MiB, GiB)" }
  init?(configText text: String) { self.init(text) }
  var configText: String { description }
}

extension ListenAddress: ConfigValue {
  static var form: String { "[ADDRESS:]PORT, such as 8080 or 0.0.0.0:8080" }
  init?(configText text: String) { self.init(text) }
  var configText: String { description }
}

extension TimeSpan: ConfigValue {
  static var form: String { "a time with its unit (ms, s, m, h) or HH:MM:SS" }
  init?(configText text: String) {
    guard Double(text) == nil else { return nil }
    self.init(text)
  }
  var configText: String { description }
  var limitable: Double? { seconds }
}

extension TimeSpanRange: ConfigValue {
  static var form: String { "two times with their units, such as 1s, 30s, the longer last" }
  static var isList: Bool { true }
  init?(configText text: String) {
    let words = text.split(separator: ",").map { $0.drop { $0 == " " } }
    guard words.count == 2, let shortest = TimeSpan(configText: String(words[0])),
      let longest = TimeSpan(configText: String(words[1])), shortest.seconds <= longest.seconds
    else { return nil }
    self.init(shortest: shortest, longest: longest)
  }
  var configText: String { "\(shortest), \(longest)" }
}

extension Words: ConfigValue {
  static var form: String { "words, with commas between them" }
  static var isList: Bool { true }
  init?(configText text: String) {
    self.init(text.split(separator: ",").map { String($0.drop { $0 == " " }) }.filter { !$0.isEmpty })
  }
  var configText: String { list.joined(separator: ", ") }
}

extension PipelineConfig.Web.Users: ConfigValue {
  static var form: String { "NAME:HASH as 'htpasswd -nB NAME' writes it, with commas between them" }
  static var isList: Bool { true }
  init?(configText text: String) { self.init(Words(configText: text)?.list ?? []) }
  var configText: String {
    list.map { $0.prefix { $0 != ":" } + ":***" }.joined(separator: ", ")
  }
}

extension Attempts: ConfigValue {
  static var form: String { "a number of tries, forever or never" }
  init?(configText text: String) {
    switch text {
    case "forever": self = .forever
    case "never": self = .times(0)
    default:
      guard let count = Int(text), (0...1_000_000).contains(count) else { return nil }
      self = .times(count)
    }
  }
  var configText: String {
    switch self {
    case .forever: "forever"
    case .times(0): "never"
    case .times(let count): "\(count)"
    }
  }
}
