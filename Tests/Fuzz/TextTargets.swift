// SPDX-License-Identifier: Apache-2.0

import Addresses
import Buffers
import Foundation
import Frames
import Networks
import Scenes

@testable import Stages

/// A pipeline file, which may extend itself.
enum YAMLTarget: FuzzTarget {
  static func run(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    var config = PipelineConfig()
    var reader = ConfigReader(
      environment: { $0.count < 8 ? "value" : nil }, load: { $0.hasSuffix("base.yaml") ? "version: 1" : text }
    )
    do {
      try reader.read(text: text, path: "folder/f.yaml", into: &config)
      _ = config.shown
    } catch {
      _ = "\(error)"
    }
  }
}

/// What stands on a command line: settings, `test:` addresses, networks, times and sizes, one on each line.
enum WordsTarget: FuzzTarget {
  /// Pixels of a street that is worth drawing.
  private static let pixelLimit = 64 * 64

  static func run(_ bytes: [UInt8]) {
    var config = PipelineConfig()
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").prefix(20)
    for line in lines {
      let word = String(line)
      do { try config.set(word) } catch { _ = "\(error)" }
      do { _ = try NetworkSpec(parsing: word).description } catch { _ = "\(error)" }
      do {
        let source = try TestSource.parse(word)
        // Drawing takes a thousand times longer than reading.
        if lines.count == 1 { try draw(source, word) }
      } catch { _ = "\(error)" }
      if let time = TimeSpan(word) { _ = (time.nanoseconds, time.description) }
      if let size = PixelSize(word) { _ = size.description }
      if let pattern = PicturePattern(word) { _ = pattern.path(12) }
      _ = redacted(word)
    }
    _ = config.shown
    _ = config.likelyPolicy
    _ = config.threadBudget
  }

  private static func draw(_ source: TestSource, _ word: String) throws {
    let scene = StreetScene(source.parameters)
    guard scene.parameters.width * scene.parameters.height <= pixelLimit else { return }
    let reader = TestFrameSource(source, uri: word, truthCount: 1)
    _ = (reader.info.summary, try reader.next())
    guard case .street = source, let count = scene.frameCount else { return }
    let (width, height) = (scene.parameters.width, scene.parameters.height)
    let picture = Picture(format: .yuv420p, width: width, height: height, matrix: .bt601, range: .limited)
    StreetRenderer(scene: scene).render(
      frame: count - 1, into: picture.view, labels: LabelMap(width: width, height: height))
  }
}
