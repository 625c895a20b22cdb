// SPDX-License-Identifier: Apache-2.0

/// What a source may ask for. Whatever is larger is refused before memory of its size is touched.
public enum FrameLimits {
  /// Pixels of one picture: 8192x8192, or any other shape of as many.
  public static let pixels = 1 << 26

  /// - Throws: invalidData for a picture that is larger; a size that is not known passes.
  static func check(width: Int32, height: Int32, of subject: String) throws {
    guard Int(max(0, width)) * Int(max(0, height)) > pixels else { return }
    throw FramesError(
      .invalidData, "read", subject, "its pictures are \(width)x\(height), which is too large",
      hint: "at most \(pixels) pixels are read; scale it down first")
  }
}
