// SPDX-License-Identifier: Apache-2.0

/// Names for what is made of pictures, so that both can be told to belong together.
public enum PictureNames {
  /// A name without ending for each path: that of the picture; with its ending where two differ in nothing else
  /// (`a.png`, `a.jpg`); with its folder where pictures come from several. Empty where even so two are alike.
  public static func unique(for paths: [String]) -> [String] {
    let parts = paths.map { $0.split(separator: "/").map(String.init) }
    let whole = parts.map { $0.last ?? "" }
    let stems = whole.map { name in
      guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return name }
      return String(name[..<dot])
    }
    let withFolder = parts.map { $0.suffix(2).joined(separator: "_") }
    return [stems, whole, withFolder].first { Set($0).count == $0.count && !$0.contains("") } ?? []
  }
}
