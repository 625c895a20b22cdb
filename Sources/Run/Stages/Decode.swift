// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import Frames

/// Source → frames. Damaged pictures of a sequence are lost one by one; a broken file ends the run.
final class DecodeStage: SourceStage {
  let name = StageName.decode
  let interrupt: @Sendable () -> Void
  private let source: any FrameSource
  private let trailer: Trailer
  private let journal: SourceJournal
  private var damage = SourceDamage()
  private var leftOut = FramesLeftOut()

  /// - Parameter flag: what the source was opened with, so that its waiting can be ended.
  init(source: any FrameSource, flag: InterruptFlag, trailer: Trailer, journal: SourceJournal) {
    self.source = source
    self.trailer = trailer
    self.journal = journal
    interrupt = { flag.set() }
  }

  func next() throws -> SourceItem<DecodedFrame>? {
    defer { tellDamage() }
    let frame: Frame?
    do {
      frame = try source.next()
    } catch let error as FramesError {
      switch error.kind {
      case .interrupted: frame = nil
      case .invalidData, .sizeMismatch: throw FrameFailure(error)
      default: throw error
      }
    }
    guard let frame else {
      trailer.fill(source.trailingPackets)
      return nil
    }
    let now = source.leftOut
    let new = now - leftOut
    leftOut = now
    let arrival = source.arrival
    return SourceItem(
      DecodedFrame(frame: frame, truth: source.truth), mediaSeconds: frame.time,
      mediaDuration: frame.timeBase.seconds(frame.duration), waitedNanoseconds: arrival?.waited ?? 0,
      arrivedAt: arrival?.at, corruptBefore: new.corrupt, busyBefore: new.busy)
  }

  private func tellDamage() {
    let now = source.damage
    guard now != damage else { return }
    damage = now
    journal.note { $0.damage = now }
  }

  func finish() { source.close() }
}

/// Sound behind the last frame, on its way from `decode` to `encode`.
final class Trailer: Sendable {
  private let packets = Monitor<[Packet]>([])

  func fill(_ packets: [Packet]) { self.packets.withLock { $0 = packets } }

  var contents: [Packet] { packets.withLock { $0 } }
}
