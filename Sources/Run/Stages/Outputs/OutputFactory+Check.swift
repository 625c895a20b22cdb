// SPDX-License-Identifier: Apache-2.0

internal import Addresses
internal import Frames
internal import Scenes

/// What an output is, and what is wrong with outputs, before anything is opened.
extension OutputFactory {
  /// What an output is, by its own word or its address.
  static func kind(of output: OutputConfig) throws -> OutputConfig.Kind {
    if let kind = output.kind { return kind }
    let path: String
    switch output.address {
    case .none: return .null
    case .page: return .preview
    case .playlist, .standardOutput, .pictures, .device, .push: return .video
    case .file where output.format != nil: return .video
    case .file(let name): path = name
    }
    let ending = path.split(separator: "/").last.map(String.init) ?? ""
    let known = ["mp4", "mkv", "mov", "m4v", "webm", "avi", "ts", "nut", "flv"]
    if let dot = ending.lastIndex(of: "."),
      known.contains(ending[ending.index(after: dot)...].lowercased())
    {
      return .video
    }
    throw RunError(
      .configuration, "write", redacted(output.uri), "its name does not say what it is",
      hint: "end it in .mp4, .mkv or .ts, or write numbered pictures such as dir/%06d.png")
  }

}

extension PipelineConfig {
  /// Tells what is wrong with the outputs.
  func checkOutputs() throws {
    if let encoder = outputs.contains(where: \.isEncoded) ? encode.codec : nil,
      !EncoderOptions.available.contains(encoder)
    {
      throw FramesError(
        .unsupportedEncoder, "encode with", encoder, "this FFmpeg has no such encoder, or we do not know it",
        hint: "there are \(EncoderOptions.available.joined(separator: ", "))")
    }
    if let truth = outputs.first(where: { $0.kind == .truth }), !source.address.knowsTruth {
      throw RunError(
        .configuration, "write", truth.uri, "the source does not know the true classes",
        hint: "only test:street does")
    }
    for output in outputs { try output.check() }
  }
}

extension SourceAddress {
  /// Only the drawn street says what its pixels are.
  fileprivate var knowsTruth: Bool {
    guard case .test(let text) = self else { return false }
    return (try? TestSource.parse(text))?.isStreet == true
  }
}

extension OutputConfig {
  fileprivate func check() throws {
    func refuse(_ why: String, hint: String) -> RunError {
      RunError(.configuration, "write", redacted(uri), why, hint: hint)
    }
    let kind = try OutputFactory.kind(of: self)
    let isCuttable = isFile && [.video, .mask, .truth].contains(kind)
    if kind == .preview && listenAddress == nil {
      throw refuse("it names no port", hint: "http:8080 listens on this machine, http:0.0.0.0:8080 for all")
    }
    if kind == .png && address == .standardOutput {
      throw refuse("pictures go into a folder", hint: "name one, or write a label video: --mask -")
    }
    if isCuttable && partNames == nil {
      throw refuse(
        "its name holds a directive that is not filled in",
        hint: "known: %Y %m %d %H %M %S %j; %% is a percent sign")
    }
    if segment != nil && !isCuttable {
      throw refuse("only video files are cut into segments", hint: "leave the segment out")
    }
    if keep != OutputConfig.Keep() && segment == nil {
      throw refuse("only segments are removed", hint: "give the length of segments too, as in --segment 10m")
    }
  }

  /// A codec writes its pictures.
  fileprivate var isEncoded: Bool {
    (try? OutputFactory.kind(of: self)) == .video && !isPictures
  }
}
