// SPDX-License-Identifier: Apache-2.0

/// `text` with its control characters spelled out, but for ends of lines and tabs: names of files and words of models come
/// from elsewhere, and must not move a terminal's cursor or set its title.
public func printable(_ text: String) -> String {
  func isControl(_ scalar: Unicode.Scalar) -> Bool {
    scalar != "\n" && scalar != "\t" && (scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value))
  }
  guard text.unicodeScalars.contains(where: isControl) else { return text }
  var result = ""
  for scalar in text.unicodeScalars {
    if isControl(scalar) {
      let digits = String(scalar.value, radix: 16)
      result += "\\x" + (digits.count == 1 ? "0" : "") + digits
    } else {
      result.unicodeScalars.append(scalar)
    }
  }
  return result
}
