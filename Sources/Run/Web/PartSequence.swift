// SPDX-License-Identifier: Apache-2.0

internal import FlyingSocks
internal import Stages

/// Pictures as the parts of a multipart body that never ends, one for each time it is asked.
struct PartSequence: AsyncBufferedSequence, Sendable {
  typealias Element = UInt8

  static let boundary = "roadmask"

  let viewer: PreviewViewer

  func makeAsyncIterator() -> Iterator { Iterator(viewer: viewer) }

  struct Iterator: AsyncBufferedIteratorProtocol {
    let viewer: PreviewViewer
    private var rest: ArraySlice<UInt8> = []
    private var isFirst = true

    init(viewer: PreviewViewer) { self.viewer = viewer }

    mutating func next() async throws -> UInt8? {
      if rest.isEmpty { rest = try await nextBuffer(suggested: 0)?[...] ?? [] }
      return rest.popFirst()
    }

    /// A whole picture, however many bytes were suggested.
    mutating func nextBuffer(suggested count: Int) async throws -> [UInt8]? {
      guard let jpeg = await viewer.next() else { return nil }
      let mark = "--\(PartSequence.boundary)\r\n"
      let head = "Content-Type: image/jpeg\r\nContent-Length: \(jpeg.count)\r\n\r\n"
      // The mark of the next part comes with this one: browsers show a part when they see its end.
      defer { isFirst = false }
      return Array((isFirst ? mark + head : head).utf8) + jpeg + Array(("\r\n" + mark).utf8)
    }
  }
}
