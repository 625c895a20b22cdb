// SPDX-License-Identifier: Apache-2.0

internal import GraphIR
internal import Kernels

extension StepFamily {
  static func localAttention(_ context: NodeContext, _ attention: LocalAttention) -> Step {
    let (query, key, value) = (context.input(0)!, context.input(1)!, context.input(2)!)
    let (bias, output) = (context.input(3), context.output)
    let kernels = context.kernels
    return Step(
      context, kernel: kernels.kernel(.localAttention),
      reason: "\(attention.cells) cells, relation and mixture in one", readsConstants: context.values,
      takesStrided: true, givesStrided: true
    ) { memory in
      [
        kernels.localAttention(
          region: attention.region, scale: attention.scale, query: memory.map(query), key: memory.map(key),
          value: memory.map(value), bias: bias.map { memory.floats($0) }, output: memory.map(output))
      ]
    }
  }

  static func globalAttention(_ context: NodeContext, _ scale: Float) -> Step {
    let (query, key, value) = (context.input(0)!, context.input(1)!, context.input(2)!)
    let output = context.output
    let kernels = context.kernels
    return Step(
      context, kernel: kernels.kernel(.globalAttention), reason: "no matrix of weights",
      readsConstants: context.values, takesStrided: true, givesStrided: true
    ) { memory in
      [
        kernels.globalAttention(
          scale: scale, query: memory.map(query), key: memory.map(key), value: memory.map(value),
          output: memory.map(output))
      ]
    }
  }

  static func integerLocalAttention(_ context: NodeContext, _ work: IntegerWork, _ attention: LocalAttention)
    -> Step
  {
    let (query, key, value, output) = (work.inputs[0], work.inputs[1], work.inputs[2], context.output)
    let steps = work.relation!
    let table = SoftmaxTable(stepsOf: 1.0 / 32)
    let kernels = context.integers
    return Step(
      context, kernel: kernels.kernel(.localAttention),
      reason: "\(attention.cells) cells, relation and mixture in one",
      weightBytes: 512 + 16 * attention.cells, takesStrided: true, givesStrided: true
    ) { memory in
      kernels.localAttention(
        region: attention.region, steps: steps, table: table,
        query: (memory.byteMap(query.value), query.zero),
        key: (memory.byteMap(key.value), key.zero), value: (memory.byteMap(value.value), value.zero),
        output: memory.byteMap(output))
    }
  }

  static func integerGlobalAttention(_ context: NodeContext, _ work: IntegerWork) -> Step {
    let (query, key, value, output) = (work.inputs[0], work.inputs[1], work.inputs[2], context.output)
    let multiplier = work.steps!
    let table = ExponentTable(
      (0..<ExponentTable.count).map {
        UInt16((Exponential.of(-Double($0) / 64) * 32767).rounded(.toNearestOrEven))
      })
    let kernels = context.integers
    return Step(
      context, kernel: kernels.kernel(.globalAttention), reason: "no matrix of weights",
      weightBytes: 2 * ExponentTable.count, takesStrided: true, givesStrided: true
    ) { memory in
      kernels.globalAttention(
        multiplier: multiplier, table: table, query: (memory.byteMap(query.value), query.zero),
        key: (memory.byteMap(key.value), key.zero), value: memory.byteMap(value.value),
        output: memory.byteMap(output))
    }
  }
}
