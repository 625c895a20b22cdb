// SPDX-License-Identifier: Apache-2.0

public import Buffers
public import Workers

/// One label map, made by the threads of a pool together. The same labels for any number of threads.
public final class SharedUpsampling: PoolWork, @unchecked Sendable {
  // @unchecked: each worker has scratch of its own and writes rows of its own.

  private let upsampler: LabelUpsampler
  private let source: UnsafeRawPointer
  private let labels: LabelMap
  private let scratch: [UpsampleScratch]

  /// - Parameters:
  ///   - source: the logits, with `AlignedBytes.overRead` readable bytes behind them, for as long as this is run.
  ///   - labels: of the upsampler's output size.
  ///   - threads: of the pool that runs it.
  public init(_ upsampler: LabelUpsampler, _ source: UnsafeRawPointer, into labels: LabelMap, threads: Int) {
    self.upsampler = upsampler
    self.source = source
    self.labels = labels
    scratch = (0..<threads).map { _ in upsampler.makeScratch() }
  }

  public var units: Int { upsampler.output.height }
  /// Rows of the map that share rows of logits.
  public var grain: Int { 16 }
  public var isSplit: Bool { units > grain }

  public func run(_ units: Range<Int>, worker: Int) {
    upsampler.run(source, into: labels, rows: units, scratch: scratch[worker])
  }
}
