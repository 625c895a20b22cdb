// SPDX-License-Identifier: Apache-2.0

internal import GraphIR

extension Plan {
  /// Multiply-adds of a run.
  public var macs: Int { steps.reduce(0) { $0 + $1.macs } }

  /// The plan, a line for each input, step and output; equal plans have equal text, on every machine.
  ///
  ///     step NAME OPERATOR KERNEL  INPUT, INPUT -> OUTPUT FACT PLACE  MACs WEIGHT-BYTES
  ///
  /// A place is a byte offset in the arena, with `/N` where pixels are N elements apart; `inside` is the scratch
  /// of a stripe. The steps of a stripe are indented behind its line.
  public var text: String {
    var lines = [
      "plan \(name) level \(options.level.rawValue)",
      "arena \(arenaBytes) scratch \(scratchBytes) weights \(weightBytes) bytes, \(macs) MACs",
    ]
    lines += inputs.map { "input \($0.name) \($0.fact) \(place($0.value))" }
    let starts = Dictionary(uniqueKeysWithValues: stripes.map { ($0.steps.lowerBound, $0) })
    var end = 0
    for (index, step) in steps.enumerated() {
      if let stripe = starts[index] {
        let bytes = stripe.schedule.scratchBytes(rows: stripe.rows)
        lines.append("stripe of \(stripe.rows) rows, \(stripe.steps.count) steps, \(bytes) bytes")
        end = stripe.steps.upperBound
      }
      let inputs = step.inputs.map { names[$0] }.joined(separator: ", ")
      lines.append(
        "\(index < end ? "  " : "")step \(step.name) \(step.op) \(step.kernel)  "
          + "\(inputs) -> \(names[step.output]) \(facts[step.output]) \(place(step.output))  "
          + "\(step.macs) \(step.weightBytes)")
    }
    lines += outputs.map { "output \($0.name) \($0.fact) \(place($0.value))" }
    return lines.joined(separator: "\n") + "\n"
  }

  private func place(_ value: ValueID) -> String {
    guard let place = memory.places[value] else { return constants[value] == nil ? "inside" : "constant" }
    return "\(place.offset)" + (place.pixelStride.map { "/\($0)" } ?? "")
  }
}
