// SPDX-License-Identifier: Apache-2.0

/// What a source may ask for. Whatever is larger is refused before memory of its size is touched.
public enum FrameLimits {
  /// Pixels of one picture: 8192x8192, or any other shape of as many.
  public static let pixels = 1 << 26
}
