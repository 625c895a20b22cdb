// SPDX-License-Identifier: Apache-2.0

/// The six stages, in the order in which a frame passes them. There are no other stage names.
public enum StageName: String, Sendable, Hashable, CaseIterable, Comparable {
  case decode, resize, infer, argmax, overlay, encode

  /// 0 for decode … 5 for encode.
  public var position: Int {
    switch self {
    case .decode: 0
    case .resize: 1
    case .infer: 2
    case .argmax: 3
    case .overlay: 4
    case .encode: 5
    }
  }

  public static func < (a: StageName, b: StageName) -> Bool { a.position < b.position }
}

/// Why a frame was not carried to the end although nothing was wrong with the stage.
public enum DropReason: String, Sendable, Hashable, CaseIterable {
  /// The stage had no time for it.
  case busy
  /// Older than the latency budget.
  case late
  /// Damaged at the source.
  case corrupt
  /// The run was ended while it waited.
  case stopped
}

/// What happens when frames come faster than a stage takes them.
public enum OverloadPolicy: String, Sendable, Hashable, CaseIterable {
  /// Every queue waits, and nothing is dropped.
  case block
  /// In front of `resize` and `infer` the newest frame replaces the waiting one.
  case latest
  /// There, the frame that waited longest goes.
  case dropOldest = "drop-oldest"
  /// There, the frame that just came goes.
  case dropNewest = "drop-newest"
}
