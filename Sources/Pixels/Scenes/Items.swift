// SPDX-License-Identifier: Apache-2.0

/// One thing that stands or moves in the street, in the order in which it is painted.
struct Item {
  enum Kind: UInt8 {
    case plot, tree, lamp, sign, signal, railing, car, walker, cyclist, bollard, barrier, guardRail, gantry,
      lorry
  }

  /// Metres ahead by which things are ordered, farthest painted first: of what stands beside the road the far
  /// end, of what is on it the near end, since that covers what stands beside it.
  var key: Float
  var kind: Kind
  /// -1 left, 1 right.
  var side: Float
  var x: Float
  var z: Float
  /// A plot's other end.
  var z1: Float = 0
  /// Draws the thing's own features; the same in every frame.
  var dice: Dice
  /// 1 when it faces away from the camera, -1 towards it.
  var heading: Float = 1
  /// Phase of legs and wheels, in turns.
  var stride: Float = 0
  var isParked = false
}

/// The things of one frame, in memory that is reused.
struct ItemList {
  static let capacity = 2048
  let items: UnsafeMutablePointer<Item> = .allocate(capacity: capacity)
  var count = 0

  mutating func add(_ item: Item) {
    guard count < Self.capacity else { return }
    // Insertion keeps equal keys in the order of adding, so that a picture depends on nothing else.
    var place = count
    while place > 0, items[place - 1].key < item.key {
      items[place] = items[place - 1]
      place -= 1
    }
    items[place] = item
    count += 1
  }
}

extension ItemList {
  /// Up to 64 cells on the stack.
  struct Cells {
    struct Cell {
      var cell = 0
      var z: Float = 0
      var dice = Dice(0)
    }

    private var storage: InlineArray<64, Cell> = .init(repeating: Cell())
    var count = 0

    subscript(index: Int) -> Cell { storage[index] }

    mutating func append(_ cell: Int, _ z: Float, _ dice: Dice) {
      guard count < 64 else { return }
      storage[count] = Cell(cell: cell, z: z, dice: dice)
      count += 1
    }
  }
}
