// SPDX-License-Identifier: Apache-2.0

internal import NIOHTTP1
internal import Stages

/// What a request is answered with.
struct Answer: Sendable {
  enum Body: Sendable {
    case bytes([UInt8])
    /// JPEG pictures without end, each a part of a multipart body.
    case pictures(PreviewViewer)
  }

  var status: HTTPResponseStatus
  var headers: HTTPHeaders
  var body: Body

  /// What is said of every answer: it is for this page alone, and for now.
  private static let common: HTTPHeaders = [
    "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin", "X-Frame-Options": "DENY",
  ]

  /// - Parameter type: its media type.
  init(_ type: String, _ body: Body, _ status: HTTPResponseStatus = .ok, headers more: HTTPHeaders = [:]) {
    self.status = status
    self.body = body
    headers = Answer.common
    headers.add(name: "Content-Type", value: type)
    headers.add(contentsOf: more)
    if case .bytes(let bytes) = body { headers.add(name: "Content-Length", value: "\(bytes.count)") }
  }

  /// A line for people.
  static func text(
    _ text: String, _ status: HTTPResponseStatus = .ok, headers: HTTPHeaders = [:]
  ) -> Answer {
    Answer("text/plain; charset=utf-8", .bytes(Array((text + "\n").utf8)), status, headers: headers)
  }
}

/// One picture as a part of a multipart body.
enum PicturePart {
  static let boundary = "roadmask"
  static let mediaType = "multipart/x-mixed-replace; boundary=\(boundary)"

  /// The mark of the next part comes with this one: browsers show a part when they see its end.
  static func bytes(_ jpeg: [UInt8], isFirst: Bool) -> [UInt8] {
    let mark = "--\(boundary)\r\n"
    let head = "Content-Type: image/jpeg\r\nContent-Length: \(jpeg.count)\r\n\r\n"
    return Array((isFirst ? mark + head : head).utf8) + jpeg + Array(("\r\n" + mark).utf8)
  }
}
