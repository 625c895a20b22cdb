// SPDX-License-Identifier: Apache-2.0

internal import Pixels

/// Lets the network do less while it cannot keep up with a live source, and all again when it can.
///
/// The pipeline tells it when frames come and pass `infer`; `resize` asks what to do with each frame.
final class Adaptation: Sendable {
  /// What is to be done with a frame.
  struct Choice: Sendable, Equatable {
    /// Which of the run's networks takes it: 0 for the one with the largest picture.
    var variant = 0
    /// The labels of the frame before it hold for this one too.
    var isReused = false
  }

  /// The network sees at least every sixth frame.
  static let longestStride = 6

  private struct State {
    var controller: LoadController
    /// Frames until the network is due again.
    var turn = 0
    /// What `infer` works on.
    var current = Choice()
    var steps: [AdaptationFigures.Step]
    var switches = 0
    var reused = 0
    var since: UInt64?
  }

  let mode: PipelineConfig.Flow.Adapt
  private let state: Monitor<State>

  /// Every 2nd, 3rd… frame.
  init(skippingWithin budget: UInt64?) {
    mode = .skip
    let strides = 1...Adaptation.longestStride
    state = Monitor(
      State(
        controller: LoadController(levels: strides.map { .init(share: 1 / Double($0)) }, budget: budget),
        steps: strides.map { AdaptationFigures.Step(stride: $0) }))
  }

  /// The network at several sizes, the largest first.
  ///
  /// - Parameter inputs: of each; the work is taken to grow with their area.
  init(inputs: [ModelInputFormat], within budget: UInt64?) {
    mode = .resolution
    let whole = Double(inputs[0].rows * inputs[0].columns)
    state = Monitor(
      State(
        controller: LoadController(
          levels: inputs.map { .init(work: Double($0.rows * $0.columns) / whole) }, budget: budget),
        steps: inputs.map {
          AdaptationFigures.Step(size: PixelSize(width: $0.contentColumns, height: $0.contentRows))
        }))
  }

  /// Frames that may wait in front of `infer`: one for the network, and those that go with it.
  var places: Int { mode == .skip ? state.withLock { $0.controller.level + 1 } : 1 }

  func frameCame(at now: UInt64) {
    state.withLock { state in
      if state.since == nil { state.since = now }
      state.controller.frameCame(at: now)
    }
  }

  func next() -> Choice {
    state.withLock { state in
      let level = state.controller.level
      if mode == .resolution { return Choice(variant: level) }
      defer { state.turn = state.turn >= level ? 0 : state.turn + 1 }
      return Choice(isReused: state.turn > 0)
    }
  }

  /// `infer` works on such a frame.
  func begin(_ choice: Choice) { state.withLock { $0.current = choice } }

  /// `infer` is done with the frame.
  func framePassed(service: UInt64, age: UInt64, at now: UInt64) {
    state.withLock { state in
      let level = state.controller.level, choice = state.current
      state.steps[mode == .resolution ? choice.variant : level].frames += 1
      if choice.isReused { state.reused += 1 }
      let isTelling = !choice.isReused && (mode == .skip || choice.variant == level)
      state.controller.framePassed(service: isTelling ? service : nil, age: age, at: now)
      guard state.controller.level != level else { return }
      state.steps[level].nanoseconds &+= now &- (state.since ?? now)
      state.since = now
      state.switches += 1
      state.turn = 0
    }
  }

  func figures(at now: UInt64) -> AdaptationFigures {
    state.withLock { state in
      var figures = AdaptationFigures(
        mode: mode, steps: state.steps, switches: state.switches, reused: state.reused)
      let level = state.controller.level
      if let since = state.since, now > since { figures.steps[level].nanoseconds &+= now &- since }
      return figures
    }
  }
}

/// How much of the network's work was done, and for how long.
public struct AdaptationFigures: Sendable, Equatable {
  /// A way in which the network ran.
  public struct Step: Sendable, Equatable {
    /// Of the picture that the network saw, where the size is what changes.
    public var size: PixelSize?
    /// The network saw every n-th frame.
    public var stride = 1
    /// Frames that passed `infer`.
    public var frames = 0
    public var nanoseconds: UInt64 = 0

    public var seconds: Double { nanoseconds.seconds }
  }

  public var mode: PipelineConfig.Flow.Adapt
  /// From all the work to the least.
  public var steps: [Step]
  public var switches: Int
  /// Frames that went out with the labels of an earlier one.
  public var reused: Int
}
