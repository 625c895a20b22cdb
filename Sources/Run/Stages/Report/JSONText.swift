// SPDX-License-Identifier: Apache-2.0

internal import Addresses
internal import Frames

/// Writes JSON into bytes that are used again and again, so that a line for each frame costs no
/// allocation.
///
/// A number that is not finite becomes `null`. Keys come out in the order of the calls; an element of an array
/// has the key `nil`.
package struct JSONText {
  private(set) var bytes: [UInt8] = []
  private var needsComma = false

  package init() {}

  mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    needsComma = false
  }

  package mutating func object(_ key: StaticString? = nil, _ body: (inout JSONText) -> Void) {
    name(key)
    enclose("{", "}", body)
  }

  /// An object under a key that is only known at run time.
  package mutating func object(named key: String, _ body: (inout JSONText) -> Void) {
    name(named: key)
    enclose("{", "}", body)
  }

  package mutating func array<Values: Sequence>(
    _ key: StaticString?, _ values: Values, _ body: (inout JSONText, Values.Element) -> Void
  ) {
    name(key)
    enclose("[", "]") { json in for value in values { body(&json, value) } }
  }

  package mutating func string(_ key: StaticString, _ value: String?) {
    name(key)
    if let value { quote(Secrets.hidden(in: value).utf8) } else { put("null") }
  }

  mutating func strings(_ key: StaticString, _ values: [String]) {
    array(key, values) { json, value in
      json.separate()
      json.quote(Secrets.hidden(in: value).utf8)
    }
  }

  package mutating func integer(_ key: StaticString?, _ value: Int?) {
    name(key)
    if let value { put(value) } else { put("null") }
  }

  package mutating func integer(named key: String, _ value: Int) {
    name(named: key)
    put(value)
  }

  /// - Parameter places: digits behind the point, without closing zeros.
  package mutating func number(_ key: StaticString?, _ value: Double?, places: Int) {
    name(key)
    put(value, places: places)
  }

  package mutating func number(named key: String, _ value: Double?, places: Int) {
    name(named: key)
    put(value, places: places)
  }

  package mutating func boolean(_ key: StaticString, _ value: Bool?) {
    name(key)
    put(value.map { $0 ? "true" : "false" } ?? "null")
  }

  mutating func newline() {
    bytes.append(UInt8(ascii: "\n"))
    needsComma = false
  }

  package var text: String { String(decoding: bytes, as: UTF8.self) }

  private mutating func enclose(
    _ open: Unicode.Scalar, _ close: Unicode.Scalar, _ body: (inout JSONText) -> Void
  ) {
    bytes.append(UInt8(ascii: open))
    needsComma = false
    body(&self)
    bytes.append(UInt8(ascii: close))
    needsComma = true
  }

  private mutating func separate() {
    if needsComma { bytes.append(UInt8(ascii: ",")) }
    needsComma = true
  }

  private mutating func name(_ key: StaticString?) {
    separate()
    guard let key else { return }
    bytes.append(UInt8(ascii: "\""))
    key.withUTF8Buffer { bytes.append(contentsOf: $0) }
    put("\":")
  }

  private mutating func name(named key: String) {
    separate()
    quote(key.utf8)
    bytes.append(UInt8(ascii: ":"))
  }

  private mutating func put(_ text: StaticString) {
    text.withUTF8Buffer { bytes.append(contentsOf: $0) }
  }

  private mutating func quote(_ text: String.UTF8View) {
    let digits: StaticString = "0123456789abcdef"
    bytes.append(UInt8(ascii: "\""))
    for byte in text {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
      case 0..<32:
        put("\\u00")
        bytes.append(digits.utf8Start[Int(byte >> 4)])
        bytes.append(digits.utf8Start[Int(byte & 15)])
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  private mutating func put(_ value: Int) {
    if value < 0 { bytes.append(UInt8(ascii: "-")) }
    let start = bytes.count
    var rest = value.magnitude
    repeat {
      bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
      rest /= 10
    } while rest > 0
    bytes[start...].reverse()
  }

  private mutating func put(_ value: Double?, places: Int) {
    guard let value, value.isFinite, value.magnitude < 1e15 else { return put("null") }
    var unit = 1
    for _ in 0..<places { unit *= 10 }
    let scaled = Int((value.magnitude * Double(unit)).rounded())
    if value < 0 && scaled > 0 { bytes.append(UInt8(ascii: "-")) }
    put(scaled / unit)
    var fraction = scaled % unit
    if fraction == 0 { return }
    bytes.append(UInt8(ascii: "."))
    while fraction > 0 {
      unit /= 10
      bytes.append(UInt8(ascii: "0") + UInt8(fraction / unit))
      fraction %= unit
    }
  }
}
