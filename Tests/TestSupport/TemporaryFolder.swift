// SPDX-License-Identifier: Apache-2.0

public import Foundation

/// A fresh folder that goes away with its owner.
public final class TemporaryFolder {
  public let url: URL

  public init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("roadmask-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  public var path: String { url.path }
  /// Where `name` stands in it.
  public func path(_ name: String) -> String { url.appendingPathComponent(name).path }
  /// What is in it, sorted.
  public var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted() }
}
