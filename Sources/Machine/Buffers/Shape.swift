// SPDX-License-Identifier: Apache-2.0

/// The extents of a tensor, outermost first. A scalar has no extents and one element.
public struct Shape: Sendable, Hashable, ExpressibleByArrayLiteral, CustomStringConvertible {
  public var extents: [Int]

  /// - Precondition: no extent is negative, and the element count fits in `Int`.
  public init(_ extents: [Int]) {
    precondition(extents.allSatisfy { $0 >= 0 }, "a shape has no negative extents: \(extents)")
    precondition(Shape.checkedCount(extents) != nil, "element count overflows: \(extents)")
    self.extents = extents
  }

  public init(arrayLiteral elements: Int...) { self.init(elements) }

  /// The product of `extents`, or `nil` where it does not fit in `Int`. For extents read from files.
  public static func checkedCount(_ extents: [Int]) -> Int? {
    var count = 1
    for extent in extents {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      if overflow { return nil }
      count = product
    }
    return count
  }

  public var rank: Int { extents.count }
  public var count: Int { extents.reduce(1, *) }

  /// The extent of `axis`; negative axes count from the innermost.
  public subscript(axis: Int) -> Int {
    get { extents[axis < 0 ? axis + rank : axis] }
    set { extents[axis < 0 ? axis + rank : axis] = newValue }
  }

  public var description: String { "[" + extents.map(String.init).joined(separator: ",") + "]" }
}
