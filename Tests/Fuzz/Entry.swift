// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc

/// The target of this process, named by `ROADMASK_FUZZ_TARGET`.
private let target: any FuzzTarget.Type = {
  let name = ProcessInfo.processInfo.environment["ROADMASK_FUZZ_TARGET"] ?? ""
  guard let target = targets[name] else {
    FileHandle.standardError.write(Data("targets: \(targets.keys.sorted().joined(separator: " "))\n".utf8))
    exit(64)
  }
  return target
}()

/// What libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let start = clock()
  target.run(Array(UnsafeBufferPointer(start: bytes, count: count)))
  // The processor's time, since a busy machine makes everything last.
  let seconds = Double(clock() - start) / 1e6
  precondition(seconds <= target.secondsLimit, "\(seconds) s of work for \(count) bytes")
  return 0
}

/// What libFuzzer calls to change an input: structure first, where the target knows one.
@_cdecl("LLVMFuzzerCustomMutator")
public func mutate(_ bytes: UnsafeMutablePointer<UInt8>, _ count: Int, _ limit: Int, _ seed: UInt32) -> Int {
  var dice = Dice(state: UInt64(seed))
  let input = Array(UnsafeBufferPointer(start: bytes, count: count))
  guard dice.below(4) > 0, let output = target.mutate(input, &dice), output.count <= limit else {
    return mutateBytes(bytes, count, limit)
  }
  output.withUnsafeBufferPointer { bytes.update(from: $0.baseAddress!, count: output.count) }
  return output.count
}

@_silgen_name("LLVMFuzzerMutate")
private func mutateBytes(_ bytes: UnsafeMutablePointer<UInt8>, _ count: Int, _ limit: Int) -> Int

/// Something that reads what strangers wrote.
protocol FuzzTarget: Sendable, SendableMetatype {
  /// Reads `bytes`. Errors are fine; traps, hangs and lasting memory are not.
  static func run(_ bytes: [UInt8])
  /// Processor seconds that one input may take; sanitizers make everything some five times slower.
  static var secondsLimit: Double { get }
  /// A change that keeps the structure; `nil` leaves it to libFuzzer.
  static func mutate(_ bytes: [UInt8], _ dice: inout Dice) -> [UInt8]?
}

extension FuzzTarget {
  static var secondsLimit: Double { 1 }
  static func mutate(_ bytes: [UInt8], _ dice: inout Dice) -> [UInt8]? { nil }
}

private let targets: [String: any FuzzTarget.Type] = [
  "onnx": ONNXTarget.self, "yaml": YAMLTarget.self, "words": WordsTarget.self, "labels": LabelsTarget.self,
  "media": MediaTarget.self, "pictures": PicturesTarget.self, "safetensors": SafetensorsTarget.self,
]

/// Random numbers that follow from a seed (SplitMix64).
struct Dice {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var bits = state
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    return bits ^ (bits >> 31)
  }

  mutating func below(_ count: Int) -> Int { Int(next() % UInt64(count)) }

  mutating func pick<Element>(_ list: [Element]) -> Element? { list.isEmpty ? nil : list[below(list.count)] }

  /// A whole number where limits and overflows are likely to be.
  mutating func number() -> Int64 {
    let edges: [Int64] = [
      0, 1, -1, 2, 3, 4, 7, 8, 16, 32, 255, 256, 1 << 16, 1 << 28, 1 << 31, 1 << 32, 1 << 62, .max, .min,
      .max - 1, .min + 1, -(1 << 31),
    ]
    return below(2) == 0 ? Int64(below(12)) - 2 : pick(edges)!
  }
}
