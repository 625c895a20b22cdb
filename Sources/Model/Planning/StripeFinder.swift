// SPDX-License-Identifier: Apache-2.0

internal import GraphIR

/// Steps that run together, a few rows at a time, so that what passes between them stays in a core's own cache.
///
/// They stand next to each other in the plan. The last one's output is the only value that others read; the
/// rest have no place in the arena, only a few rows in a scratch memory that each thread has.
struct Stripe: Sendable, Equatable {
  var steps: Range<Int>
  /// Rows of the last step's output that are made at a time.
  var rows: Int
  var schedule: StripeSchedule
}

/// What decides which steps run in stripes. The numbers were measured on a core with 2 MB of its own cache: blocks
/// of expansion, depthwise convolution and projection (AVX-512 VNNI) take 0.65 to 0.9 of their time in stripes where
/// 6 MB and more pass between them, 0.95 at 3 MB, and no less than before at 1.5 MB. Scratch of 0.3 to 1 MB makes
/// little difference, so it is chosen for caches of 1 MB.
public struct StripeLimits: Sendable, Hashable {
  /// Bytes that pass between the steps of a stripe, at least.
  public var leastBytes: Int
  /// Bytes of a value that is worth keeping in the cache.
  public var leastValueBytes: Int
  /// Bytes of the rows that a thread holds, at most.
  public var scratchBytes: Int

  public init(leastBytes: Int = 3_000_000, leastValueBytes: Int = 1_000_000, scratchBytes: Int = 768 << 10) {
    self.leastBytes = leastBytes
    self.leastValueBytes = leastValueBytes
    self.scratchBytes = scratchBytes
  }
}

/// Chooses what runs in stripes: pairs of a producer and its readers, the largest value between them first, grow
/// together as long as one value leaves them and their rows fit.
struct StripeFinder {
  let limits: StripeLimits
  let facts: Facts
  private let steps: [Step]
  private let outputs: Set<ValueID>
  private let makers: ValueTable<Int>
  private let readers: ValueTable<[Int]>

  init(_ steps: [Step], facts: Facts, outputs: [ValueID], limits: StripeLimits) {
    self.steps = steps
    self.facts = facts
    self.outputs = Set(outputs)
    self.limits = limits
    var makers = ValueTable<Int>()
    var readers = ValueTable<[Int]>()
    for (index, step) in steps.enumerated() {
      makers[step.output] = index
      for input in Set(step.inputs) { readers[input, default: []].append(index) }
    }
    self.makers = makers
    self.readers = readers
  }

  /// The steps in an order in which those of a stripe stand together, and the stripes.
  func find() -> (steps: [Step], stripes: [Stripe]) {
    // A group is known by its last step, which stands where it stood.
    var groups = Dictionary(uniqueKeysWithValues: steps.indices.map { ($0, [$0]) })
    var last = Array(steps.indices)
    let values = steps.map(\.output).filter(mayStayInside).sorted {
      (bytes($0), makers[$1, default: 0]) > (bytes($1), makers[$0, default: 0])
    }
    for value in values {
      let parts = Set((readers[value, default: []] + [makers[value]].compactMap(\.self)).map { last[$0] })
      let merged = parts.flatMap { groups[$0]! }.sorted()
      guard parts.count > 1, hasOneEnd(merged),
        schedule(merged).scratchBytes(rows: StripeFinder.fewestRows) <= limits.scratchBytes
      else { continue }
      for part in parts { groups[part] = nil }
      groups[merged.last!] = merged
      for step in merged { last[step] = merged.last! }
    }
    var (ordered, stripes) = ([Step](), [Stripe]())
    for end in groups.keys.sorted() {
      let members = groups[end]!
      let between = members.dropLast().reduce(0) { $0 + bytes(steps[$1].output) }
      guard members.count > 1, between >= limits.leastBytes else {
        ordered += members.map { steps[$0] }
        continue
      }
      let schedule = schedule(members)
      let rows = rows(schedule)
      let range = ordered.count..<ordered.count + members.count
      for member in members {
        var step = steps[member]
        step.reason += ", in stripes of \(rows) rows with \(members.count - 1) others"
        ordered.append(step)
      }
      stripes.append(Stripe(steps: range, rows: rows, schedule: schedule))
    }
    return (ordered, stripes)
  }

  private static let fewestRows = 2

  private func schedule(_ members: [Int]) -> StripeSchedule {
    StripeSchedule(members.map { steps[$0] }, facts: facts)
  }

  /// As many as fit. The search doubles, since few rows at a time are many passes to look through.
  private func rows(_ schedule: StripeSchedule) -> Int {
    func fits(_ rows: Int) -> Bool { schedule.scratchBytes(rows: rows) <= limits.scratchBytes }
    var (rows, tooMany) = (StripeFinder.fewestRows, StripeFinder.fewestRows * 2)
    while tooMany <= schedule.rows, fits(tooMany) { (rows, tooMany) = (tooMany, tooMany * 2) }
    tooMany = min(tooMany, schedule.rows + 1)
    while tooMany - rows > 1 {
      let middle = (rows + tooMany) / 2
      if fits(middle) { rows = middle } else { tooMany = middle }
    }
    return rows
  }

  private func bytes(_ value: ValueID) -> Int { facts[value].shape.count * facts[value].dtype.byteCount }

  /// Whether a value is made and read row by row, and only by steps.
  private func mayStayInside(_ value: ValueID) -> Bool {
    guard bytes(value) >= limits.leastValueBytes, !outputs.contains(value), let readers = readers[value],
      let maker = makers[value], runsByRows(maker)
    else { return false }
    return readers.allSatisfy { reader in
      guard runsByRows(reader), let place = steps[reader].inputs.firstIndex(of: value),
        let reach = steps[reader].reach?[place]
      else { return false }
      return reach != .whole
    }
  }

  /// A value that a step reads twice could be needed in two ways.
  private func runsByRows(_ index: Int) -> Bool {
    steps[index].reach != nil && Set(steps[index].inputs).count == steps[index].inputs.count
  }

  /// Whether all but the last give only what others of them read.
  private func hasOneEnd(_ members: [Int]) -> Bool {
    let inside = Set(members)
    return members.dropLast().allSatisfy { member in
      let output = steps[member].output
      return !outputs.contains(output) && !readers[output, default: []].isEmpty
        && readers[output, default: []].allSatisfy(inside.contains)
    }
  }
}
