// SPDX-License-Identifier: Apache-2.0

/// A stage does one thing to one item. It owns no thread, no queue and no clock; the pipeline gives it
/// those.
///
/// Throwing `FrameFailure` loses the one item; any other error ends the run.
public protocol Stage: AnyObject {
  associatedtype Input: Sendable
  associatedtype Output: Sendable

  var name: StageName { get }

  func process(_ item: Input) throws -> Output

  /// Called once, after the last item, also when the run was cut short.
  func finish() throws
}

extension Stage {
  public func finish() throws {}
}

/// The first stage: it makes items.
public protocol SourceStage: AnyObject {
  associatedtype Output: Sendable

  var name: StageName { get }

  /// The next item, or `nil` at the end.
  func next() throws -> SourceItem<Output>?

  /// Makes a call of `next` that waits for data return soon. Called from another thread.
  var interrupt: @Sendable () -> Void { get }

  /// Called once, after the last call of `next`, also when the run was cut short.
  func finish()
}

extension SourceStage {
  public func finish() {}
}

/// What a source gives.
public struct SourceItem<Value: Sendable>: Sendable {
  public let value: Value
  /// Position in the media, in seconds.
  public let mediaSeconds: Double
  /// How long the item is shown, in seconds; 0 if unknown.
  public let mediaDuration: Double
  /// The part of the call in which the source waited for data, which is not service.
  public let waitedNanoseconds: UInt64
  /// When its first packet came, by the pipeline's clock; `nil` where its work began with the call.
  public let arrivedAt: UInt64?
  /// Frames that the source left out since the last item: damaged ones, and those for which decoding had no
  /// time.
  public let corruptBefore: Int
  public let busyBefore: Int

  public init(
    _ value: Value, mediaSeconds: Double, mediaDuration: Double = 0, waitedNanoseconds: UInt64 = 0,
    arrivedAt: UInt64? = nil, corruptBefore: Int = 0, busyBefore: Int = 0
  ) {
    self.value = value
    self.mediaSeconds = mediaSeconds
    self.mediaDuration = mediaDuration
    self.waitedNanoseconds = waitedNanoseconds
    self.arrivedAt = arrivedAt
    self.corruptBefore = corruptBefore
    self.busyBefore = busyBefore
  }
}

/// The last stage: it delivers items.
public protocol SinkStage: AnyObject {
  associatedtype Input: Sendable

  var name: StageName { get }

  /// Hands an item to where it goes. Whoever still works on it afterwards holds on to `delivery`.
  func deliver(_ item: Input, _ delivery: Delivery) throws

  /// Told after `deliver`, when the item counts as delivered.
  func delivered(_ ticket: Ticket) throws

  /// Called once, after the last item, also when the run was cut short.
  func finish() throws
}

extension SinkStage {
  public func delivered(_ ticket: Ticket) throws {}
  public func finish() throws {}
}

/// One frame could not be worked on; the run goes on without it.
public struct FrameFailure: Error {
  public let cause: any Error

  public init(_ cause: any Error) { self.cause = cause }
}

/// What the pipeline knows about an item on its way.
public struct Ticket: Sendable {
  /// Counts the frames that came in, from 0.
  public let index: Int
  public let mediaSeconds: Double
  /// When its first packet came, by the pipeline's clock.
  public let bornAt: UInt64
  /// When it was delivered.
  public internal(set) var deliveredAt: UInt64 = 0
  private var service = InlineArray<6, UInt64>(repeating: 0)

  init(index: Int, mediaSeconds: Double, bornAt: UInt64) {
    self.index = index
    self.mediaSeconds = mediaSeconds
    self.bornAt = bornAt
  }

  /// Nanoseconds that `stage` worked on it.
  public internal(set) subscript(stage: StageName) -> UInt64 {
    get { service[stage.position] }
    set { service[stage.position] = newValue }
  }
}

/// An item between two stages.
struct Parcel<Value: Sendable>: Sendable {
  var ticket: Ticket
  let value: Value
}
