// SPDX-License-Identifier: Apache-2.0

/// What stands in front of a stage: a few places to wait in, what goes when they are taken, and what is let
/// through. Queues and loops follow it, and know no stage.
public struct Gate: Sendable {
  /// Items that may wait.
  var places: Int
  /// What happens to one more.
  var policy: OverloadPolicy
  /// Items that may be between this gate and the end of the pipeline; `nil` for as many as the queues hold.
  var credits: Int?
  /// Nanoseconds; what is older is dropped when its turn comes.
  var latencyBudget: UInt64?
  /// Hears of what passes, and says how many of the places may be used at the moment.
  var adaptation: Adaptation?

  /// Items wait, and nothing is dropped.
  public static func waiting(places: Int) -> Gate { Gate(places: places, policy: .block) }

  /// Items wait, and go by `policy`.
  public static func dropping(places: Int, policy: OverloadPolicy) -> Gate {
    Gate(places: places, policy: policy)
  }

  init(
    places: Int, policy: OverloadPolicy, credits: Int? = nil, latencyBudget: UInt64? = nil,
    adaptation: Adaptation? = nil
  ) {
    self.places = places
    self.policy = policy
    self.credits = credits
    self.latencyBudget = latencyBudget
    self.adaptation = adaptation
  }
}

extension PipelineOptions {
  /// Where frames come in: the first place at which too many of them may go.
  var entrance: Gate { .dropping(places: places, policy: policy) }

  /// In front of the network, where time is scarce.
  func networkGate(_ adaptation: Adaptation?) -> Gate {
    var gate = Gate(
      places: places, policy: policy, credits: inFlight, latencyBudget: latencyBudget, adaptation: adaptation)
    if adaptation?.mode == .skip {
      // Frames that get the labels of the one before wait behind it.
      (gate.places, gate.policy) = (Adaptation.longestStride, .dropOldest)
    }
    return gate
  }

  /// Between two stages behind the network: what it worked on is not dropped.
  var passage: Gate { .waiting(places: places) }
}
