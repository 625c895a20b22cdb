// SPDX-License-Identifier: Apache-2.0

extension Plan {
  /// Steps besides conversions, and how many of them run on quantized numbers or on halves.
  public var work: (steps: Int, integer: Int, half: Int) {
    let rest = steps.filter { !$0.isConversion }
    return (rest.count, rest.count { $0.runsOnStoredNumbers }, rest.count { $0.runsOnHalves })
  }

  /// "int8", "bf16", "fp16" or "fp32": the narrowest numbers that steps run on.
  public var precision: String {
    if work.integer > 0 { return "int8" }
    if work.half == 0 { return "fp32" }
    return steps.contains { $0.kernel.numbers == .bf16 } ? "bf16" : "fp16"
  }

  /// Whether every step from the first conversion to the last runs on quantized numbers: what comes in is stored
  /// at once, and what goes out was stored until then.
  public var isExact: Bool {
    let (ins, outs) = (Set(inputs.map(\.value)), Set(outputs.map(\.value)))
    return work.integer > 0
      && steps.allSatisfy { step in
        guard step.isConversion else { return step.runsOnStoredNumbers }
        return ins.contains(step.inputs[0]) || outs.contains(step.output)
      }
  }
}

extension Step {
  /// Whether the kernel takes and gives quantized numbers.
  public var runsOnStoredNumbers: Bool { kernel.numbers == .quantized }
  fileprivate var runsOnHalves: Bool { kernel.numbers == .half || kernel.numbers == .bf16 }

  /// Whether it does nothing but turn numbers of one type into another.
  public var isConversion: Bool { kernel.isConversion }
}
