// SPDX-License-Identifier: Apache-2.0

// Everything that rewrites a graph, in order. Behind the second list stands what Planning/Lowering.swift makes of the
// graph: one node for each kernel, and no graph any more.

extension [Pass] {
  /// From a graph as files carry it to the same function as it runs, whoever asks: constants worked out,
  /// normalization folded, patterns recognized, channels last. Applying the list twice is applying it once.
  public static let simplify: [Pass] = [
    .foldConstants,
    .shiftToUnsigned,
    .foldBatchNorm,
    .fuseActivations,
    .recognizeWarps,
    .recognizeLocalAttention,
    .recognizeGlobalAttention,
    .scaleResizes,
    .channelsLast,
    .moveConversions,
    .removeDead,
  ]

  /// From a simplified graph to what one run computes: other inputs, outputs and numbers.
  ///
  /// - Parameters:
  ///   - size: of the inputs of rank 4; `nil` keeps it.
  ///   - halves: float16 in place of float32.
  public static func lower(size: Pair? = nil, halves: Bool = false) -> [Pass] {
    [.scoresAtEnd] + (size.map { [.resizeInputs(to: $0)] } ?? []) + (halves ? [.halve] : [])
      + [.dropBoundaryConversions]
  }
}
