// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// What documents say of the tree is there.
@Suite struct DocumentTests {
  private static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  private static var documents: [URL] {
    let walk = FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil, options: .skipsHiddenFiles)!
    return walk.compactMap { $0 as? URL }.filter { $0.pathExtension == "md" }
  }

  @Test func linksLeadSomewhere() throws {
    let documents = Self.documents
    #expect(documents.count > 10)
    for document in documents {
      let text = try String(contentsOf: document, encoding: .utf8)
      for match in text.matches(of: /\]\(([^)\s#]+)(#[^)]*)?\)/) {
        let link = String(match.1)
        if link.contains("://") || link.hasPrefix("mailto:") { continue }
        let target = document.deletingLastPathComponent().appendingPathComponent(link)
        #expect(
          FileManager.default.fileExists(atPath: target.path), "\(document.lastPathComponent) leads to \(link)")
      }
    }
  }

  @Test func everyTargetStandsInTheArchitecture() throws {
    let package = try String(contentsOf: Self.root.appendingPathComponent("Package.swift"), encoding: .utf8)
    let page = try String(contentsOf: Self.root.appendingPathComponent("docs/architecture.md"), encoding: .utf8)
    let rooms = package.matches(of: /\.room\(\s*"(\w+)",\s*"(\w+)"/)
    #expect(rooms.count > 15)
    for room in rooms {
      #expect(page.contains("| \(room.2) |"), "docs/architecture.md lacks \(room.2)")
      let folder = Self.root.appendingPathComponent("Sources/\(room.1)/\(room.2)")
      #expect(FileManager.default.fileExists(atPath: folder.path), "\(folder.path)")
    }
  }

  @Test func scriptsThatAreNamedExist() throws {
    for document in Self.documents {
      let text = try String(contentsOf: document, encoding: .utf8)
      for match in text.matches(of: /(?:\.\/)?(scripts\/[a-z0-9.-]+)/) {
        let path = String(match.1).trimmingCharacters(in: CharacterSet(charactersIn: "."))
        let target = Self.root.appendingPathComponent(path)
        #expect(FileManager.default.fileExists(atPath: target.path), "\(document.lastPathComponent) names \(path)")
      }
    }
  }
}
