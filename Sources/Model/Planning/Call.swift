// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import GraphIR
internal import Kernels
internal import Workers

/// What a step calls, with everything that is settled before the run. A session fills in where values lie.
enum Call: Sendable, Equatable {
  /// Nothing runs: the output is the input's memory.
  case view
  /// Kernels on float32 or float16, and those that move elements of any type.
  case float(FloatCall, element: DType)
  /// Kernels on quantized numbers.
  case quantized(QuantizedCall)
}

/// The kernels of a plan.
struct PlanKernels: Sendable {
  let floats: FloatKernels
  let halves: FloatKernels
  let quantized: Int8Kernels

  init(_ options: PlanOptions) {
    floats = FloatKernels(level: options.level)
    halves = FloatKernels(
      level: options.level, element: .float16, multipliesBF16: options.multipliesBF16)
    quantized = Int8Kernels(level: options.level)
  }
}

extension Step {
  /// The kernel calls over a session's memory, in the order in which they run.
  func jobs(_ memory: Memory, _ kernels: PlanKernels) -> [Job] {
    switch call {
    case .view: []
    case .float(let call, let element):
      call.jobs(
        memory, element == .float16 ? kernels.halves : kernels.floats, quantized: kernels.quantized,
        output: output, written: layout.written)
    case .quantized(let call):
      call.jobs(memory, kernels.quantized, output: output, written: layout.written)
    }
  }
}
