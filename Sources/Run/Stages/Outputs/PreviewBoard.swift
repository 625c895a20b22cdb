// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// Where a run shows its pictures to those who watch. Each picture is made once, and only when somebody
/// waits for it; who is slow misses pictures.
public final class PreviewBoard: Sendable {
  /// A class, and how much of the picture it covers.
  public struct ClassShare: Sendable {
    public var name: String
    /// `#rrggbb`.
    public var color: String
    /// 0…1.
    public var share: Double
  }

  /// Viewers at once.
  public static let limit = 50

  private struct Viewer {
    let pictures: AsyncStream<[UInt8]>.Continuation
    var isWaiting = false
  }
  private struct State {
    var viewers: [Int: Viewer] = [:]
    var count = 0
    var last: [UInt8] = []
    var shares: [ClassShare] = []
  }

  private let state = Mutex(State())

  public init() {}

  /// A place to watch from, as long as it is held; `nil` where all are taken.
  public func watch() -> PreviewViewer? {
    let (stream, pictures) = AsyncStream<[UInt8]>.makeStream(bufferingPolicy: .bufferingNewest(1))
    return state.withLock { state in
      guard state.viewers.count < PreviewBoard.limit else { return nil }
      state.count += 1
      state.viewers[state.count] = Viewer(pictures: pictures)
      return PreviewViewer(board: self, number: state.count, pictures: stream)
    }
  }

  public var viewerCount: Int { state.withLock { $0.viewers.count } }

  /// Of the picture made last.
  public var shares: [ClassShare] { state.withLock { $0.viewers.isEmpty ? [] : $0.shares } }

  /// Gives the last picture once more to those who wait: a connection whose other end is gone shows when it
  /// is written to.
  public func repeatLast() {
    state.withLock { state in
      guard !state.last.isEmpty else { return }
      PreviewBoard.show(state.last, &state)
    }
  }

  /// Ends all watching.
  public func close() { state.withLock { for viewer in $0.viewers.values { viewer.pictures.finish() } } }

  var isWanted: Bool { state.withLock { $0.viewers.values.contains(where: \.isWaiting) } }

  func show(_ jpeg: [UInt8], _ shares: [ClassShare]) {
    state.withLock { state in
      state.last = jpeg
      state.shares = shares
      PreviewBoard.show(jpeg, &state)
    }
  }

  private static func show(_ jpeg: [UInt8], _ state: inout State) {
    for (number, viewer) in state.viewers where viewer.isWaiting {
      viewer.pictures.yield(jpeg)
      state.viewers[number]?.isWaiting = false
    }
  }

  fileprivate func wait(_ number: Int) { state.withLock { $0.viewers[number]?.isWaiting = true } }
  fileprivate func leave(_ number: Int) { state.withLock { $0.viewers[number] = nil } }
}

/// One of those who watch.
public final class PreviewViewer: Sendable {
  private let board: PreviewBoard
  private let number: Int
  private let pictures: AsyncStream<[UInt8]>

  fileprivate init(board: PreviewBoard, number: Int, pictures: AsyncStream<[UInt8]>) {
    self.board = board
    self.number = number
    self.pictures = pictures
  }

  deinit { board.leave(number) }

  /// The next JPEG picture; `nil` when there are no more. By one task at a time.
  public func next() async -> [UInt8]? {
    board.wait(number)
    var iterator = pictures.makeAsyncIterator()
    return await iterator.next()
  }
}
