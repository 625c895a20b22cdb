// SPDX-License-Identifier: Apache-2.0

/// The extents of a rank-4 value, whatever order they are stored in.
public struct MapShape: Sendable, Hashable {
  public var batch: Int
  public var channels: Int
  public var rows: Int
  public var columns: Int

  public init(batch: Int, channels: Int, rows: Int, columns: Int) {
    self.batch = batch
    self.channels = channels
    self.rows = rows
    self.columns = columns
  }

  /// Reads `extents`, which are in `layout`; `nil` unless there are four.
  public init?(_ extents: [Int], layout: Layout) {
    guard extents.count == 4 else { return nil }
    self.init(
      batch: extents[0], channels: extents[layout.channelAxis], rows: extents[layout.rowAxis],
      columns: extents[layout.columnAxis])
  }

  public func extents(_ layout: Layout) -> [Int] {
    switch layout {
    case .channelsFirst: [batch, channels, rows, columns]
    case .channelsLast: [batch, rows, columns, channels]
    }
  }
}

extension Layout {
  /// Positions of the axes of a rank-4 value.
  public var channelAxis: Int { self == .channelsFirst ? 1 : 3 }
  public var rowAxis: Int { self == .channelsFirst ? 2 : 1 }
  public var columnAxis: Int { self == .channelsFirst ? 3 : 2 }
}
