// SPDX-License-Identifier: Apache-2.0

internal import Addresses
internal import Frames
internal import Pixels

extension PipelineConfig {
  /// `threads`, or what the process may use.
  public var threadBudget: ThreadBudget { flow.threads.map { ThreadBudget(total: $0) } ?? .available }

  /// The policy, as far as the address tells; some are known to be live only once they are open.
  public var likelyPolicy: OverloadPolicy {
    pipelineOptions(comesLive: SourceFactory.isLive(source)).policy
  }

  /// The options of the pipeline, with what the source decides filled in.
  ///
  /// - Parameter comesLive: the frames of the source come when they come.
  func pipelineOptions(comesLive: Bool) -> PipelineOptions {
    let isLive = source.isLive ?? comesLive
    var options = PipelineOptions()
    options.policy = flow.policy ?? (isLive ? .latest : .block)
    options.places = flow.queue ?? (options.policy == .block ? 4 : 1)
    // Behind a frame that the network saw, others follow that it did not.
    options.inFlight = flow.inFlight ?? (isLive ? (flow.adapt == .skip ? 4 : 2) : nil)
    options.latencyBudget = flow.latencyBudget?.nanoseconds
    options.isPaced = isLive && !comesLive
    return options
  }

  /// - Throws: `RunError` where the network shall do less although no frame is ever dropped.
  func checkAdaptation(under policy: OverloadPolicy) throws {
    guard flow.adapt != .none, policy == .block else { return }
    throw RunError(
      .configuration, "adapt the network to", redacted(source.uri),
      "its frames wait until the network is ready (policy block), so it is never late",
      hint: "adapt is for live sources: cameras, streams, or any source with --live")
  }

  /// The palette to draw in: the model's, or a built-in one of as many classes.
  func palette(of model: ModelDescription) throws -> Palette {
    guard let palette = try builtInPalette(), let name = overlay.palette else { return model.palette }
    guard palette.names.count == model.palette.names.count else {
      throw RunError(
        .configuration, "draw with", "palette '\(name)'",
        "it has \(palette.names.count) classes, \(model.name) has \(model.palette.names.count)",
        hint: "leave it out to use the model's")
    }
    // A palette names what it colours, unless the model does so itself.
    return model.hasClassNames ? Palette(names: model.palette.names, colors: palette.colors) : palette
  }
}
