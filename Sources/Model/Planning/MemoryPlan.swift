// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import GraphIR

/// A place in the arena for every value that is not constant and does not stay inside a stripe.
///
/// Values that are one piece of memory - a view and what it shows, an output written over an input, a part
/// written straight into its concatenation - form a block. Blocks that live at different times may overlap:
/// the largest is placed first, each as low as those it meets in time allow.
struct MemoryPlan: Sendable, Equatable {
  struct Place: Sendable, Equatable {
    var offset: Int
    /// Elements from a pixel to the next, where that is not the number of channels.
    var pixelStride: Int?
  }

  private(set) var places = ValueTable<Place>()
  private(set) var arenaBytes = 0

  /// - Parameter steps: concatenations learn which inputs are written straight into them.
  init(
    steps: inout [Step], stripes: [Stripe], facts: Facts, inputs: [ValueID], outputs: [ValueID],
    constants: Set<ValueID>, reuses: Bool
  ) {
    var blocks = Blocks(
      steps: steps, stripes: stripes, facts: facts, inputs: inputs, outputs: outputs, constants: constants)
    if reuses { blocks.joinConcatenations(&steps) }
    for index in steps.indices {
      if steps[index].layout.output == .view { blocks.join(steps[index].output, to: steps[index].inputs[0]) }
      if reuses { blocks.overwrite(steps[index], at: index) }
    }
    place(blocks.blocks(reuses: reuses), blocks)
  }

  private mutating func place(_ all: [Block], _ blocks: Blocks) {
    /// In the order of their offsets.
    var placed: [(block: Block, offset: Int)] = []
    var offsets = ValueTable<Int>()
    for block in all.sorted(by: { ($0.bytes, $1.root) > ($1.bytes, $0.root) }) {
      var offset = 0
      for other in placed where other.block.life.overlaps(block.life) {
        if offset + block.bytes <= other.offset { break }
        offset = max(offset, other.offset + other.block.bytes)
      }
      placed.insert((block, offset), at: placed.partitioned { $0.offset > offset })
      offsets[block.root] = offset
      arenaBytes = max(arenaBytes, offset + block.bytes)
    }
    for value in blocks.values {
      guard let offset = offsets[blocks.root(value)] else { continue }
      let part = blocks.parts[value]
      places[value] = Place(offset: offset + (part?.offset ?? 0), pixelStride: part?.pixelStride)
    }
  }
}

extension Array {
  /// The index of the first element for which `isBehind` holds; it does for all elements from there on.
  fileprivate func partitioned(_ isBehind: (Element) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if isBehind(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

struct Block {
  var root: ValueID
  var bytes: Int
  /// From the step that first writes it to the step that last reads it.
  var life: ClosedRange<Int>
}

/// Which values share memory, and how long each is needed.
struct Blocks {
  /// A value inside another: bytes from its start, and elements from a pixel to the next.
  struct Part {
    var offset: Int
    var pixelStride: Int
  }

  private let facts: Facts
  private var parents = ValueTable<ValueID>()
  private var births = ValueTable<Int>()
  private var deaths = ValueTable<Int>()
  private var readers = ValueTable<[Int]>()
  private let makers: ValueTable<Int>
  /// Values whose memory is not ours to reuse: inputs, which a caller may want to run again, and outputs.
  private let pinned: Set<ValueID>
  private let end: Int
  private(set) var parts = ValueTable<Part>()
  /// Blocks that contain, or are, a part of a concatenation.
  private var rootsOfParts: Set<ValueID> = []
  /// Steps that run in stripes, all of a stripe at the same time.
  private var striped: Set<Int> = []
  let values: [ValueID]

  init(
    steps: [Step], stripes: [Stripe], facts: Facts, inputs: [ValueID], outputs: [ValueID],
    constants: Set<ValueID>
  ) {
    self.facts = facts
    end = steps.count
    var lives = steps.indices.map { $0...$0 }
    var inside: Set<ValueID> = []
    for stripe in stripes {
      striped.formUnion(stripe.steps)
      for index in stripe.steps { lives[index] = stripe.steps.lowerBound...stripe.steps.upperBound - 1 }
      inside.formUnion(stripe.steps.dropLast().map { steps[$0].output })
    }
    var makers = ValueTable<Int>()
    for (index, step) in steps.enumerated() {
      for input in step.inputs where !constants.contains(input) && !inside.contains(input) {
        deaths[input] = lives[index].upperBound
        readers[input, default: []].append(index)
      }
      guard !inside.contains(step.output) else { continue }
      makers[step.output] = index
      births[step.output] = lives[index].lowerBound
      deaths[step.output] = lives[index].upperBound
    }
    for input in inputs {
      births[input] = -1
      deaths[input] = end
    }
    for output in outputs where !constants.contains(output) { deaths[output] = end }
    pinned = Set(inputs).union(outputs)
    values = births.values
    self.makers = makers
  }

  func root(_ value: ValueID) -> ValueID {
    var value = value
    while let parent = parents[value] { value = parent }
    return value
  }

  private func bytes(_ value: ValueID) -> Int { facts[value].shape.count * facts[value].dtype.byteCount }

  mutating func join(_ value: ValueID, to other: ValueID) {
    let (from, to) = (root(value), root(other))
    guard from != to, let birth = births[to], let own = births[from],
      let death = deaths[to], let end = deaths[from]
    else { return }
    parents[from] = to
    if rootsOfParts.remove(from) != nil { rootsOfParts.insert(to) }
    births[to] = min(birth, own)
    deaths[to] = max(death, end)
  }

  /// Lets the output of `step` take the memory of an input that ends there.
  mutating func overwrite(_ step: Step, at index: Int) {
    // Another thread may still need the rows above or below.
    guard !striped.contains(index) else { return }
    for candidate in step.layout.overwritten where births[candidate] != nil {
      let root = root(candidate)
      let others = step.inputs.filter { $0 != candidate }
      guard deaths[root] == index, !isInput(root), bytes(root) == bytes(step.output),
        parts[candidate] == nil, parts[step.output] == nil, parts[root] == nil,
        root != self.root(step.output), !hasParts(root), !hasParts(step.output),
        step.inputs.filter({ $0 == candidate }).count == 1,
        others.allSatisfy({ self.root($0) != root })
      else { continue }
      join(step.output, to: candidate)
      return
    }
  }

  private func isInput(_ value: ValueID) -> Bool { births[value] == -1 }
  private func hasParts(_ value: ValueID) -> Bool { rootsOfParts.contains(root(value)) }

  /// Lets producers write straight into the concatenation that reads them.
  mutating func joinConcatenations(_ steps: inout [Step]) {
    for index in steps.indices {
      let step = steps[index]
      guard case .parts(let offsets, var written) = step.layout.output else { continue }
      // A part of a part would need two strides.
      guard parts[step.output] == nil else { continue }
      let element = facts[step.output].dtype.byteCount
      let times = step.inputs.reduce(into: [:]) { $0[$1, default: 0] += 1 }
      for (position, value) in step.inputs.enumerated() {
        guard !pinned.contains(value), parents[value] == nil, parts[value] == nil, !hasParts(value),
          let maker = makers[value], steps[maker].layout.strided.contains(.output),
          times[value] == 1,
          readers[value, default: []].allSatisfy({ $0 == index || steps[$0].layout.strided.contains(.inputs) }
          )
        else { continue }
        parts[value] = Part(
          offset: offsets[position] * element, pixelStride: facts[step.output].shape[-1])
        written.insert(position)
        steps[index].layout.output = .parts(offsets: offsets, written: written)
        join(value, to: step.output)
        rootsOfParts.insert(root(value))
      }
    }
  }

  func blocks(reuses: Bool) -> [Block] {
    values.filter { parents[$0] == nil }.map { value in
      // The places of all members are inside the root's, which is the largest.
      let size = (bytes(value) + AlignedBytes.alignment - 1) & ~(AlignedBytes.alignment - 1)
      let birth = births[value, default: -1]
      let life = reuses ? birth...max(birth, deaths[value, default: end]) : -1...end
      return Block(root: value, bytes: size, life: life)
    }
  }
}
