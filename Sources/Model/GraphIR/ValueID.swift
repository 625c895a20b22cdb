// SPDX-License-Identifier: Apache-2.0

/// A value of one graph. It means nothing in another graph that is no copy of it.
public struct ValueID: Sendable, Hashable, Comparable {
  let index: Int

  /// Stands where an optional input is left out.
  public static let omitted = ValueID(index: 0)

  public var isOmitted: Bool { index == 0 }

  public static func < (a: ValueID, b: ValueID) -> Bool { a.index < b.index }
}

/// The place of a node in its graph; it holds until nodes are added or removed before it.
public typealias NodeID = Int

/// The names of a graph's values, for people and for files.
public struct ValueNames: Sendable, Hashable {
  private var texts = [""]
  private var values: [String: ValueID] = ["": .omitted]

  public init() {}

  public subscript(value: ValueID) -> String { texts[value.index] }

  /// The value of a name; `nil` where none was ever called so.
  public func find(_ name: String) -> ValueID? { values[name] }

  /// The value of a name, a new one where there is none; the omitted one for the empty name.
  public mutating func value(_ name: String) -> ValueID {
    if let known = values[name] { return known }
    let value = ValueID(index: texts.count)
    texts.append(name)
    values[name] = value
    return value
  }
}

/// What is known about values, an array with a place for each value of a graph.
public struct ValueTable<Element> {
  private var entries: [Element?] = []

  public init() {}

  public subscript(value: ValueID) -> Element? {
    get { value.index < entries.count ? entries[value.index] : nil }
    set {
      reach(value)
      entries[value.index] = newValue
    }
  }

  public subscript(value: ValueID, default start: @autoclosure () -> Element) -> Element {
    get { self[value] ?? start() }
    _modify {
      reach(value)
      var element = entries[value.index] ?? start()
      entries[value.index] = nil
      defer { entries[value.index] = element }
      yield &element
    }
  }

  private mutating func reach(_ value: ValueID) {
    guard value.index >= entries.count else { return }
    entries.append(contentsOf: repeatElement(nil, count: value.index + 1 - entries.count))
  }

  /// The values that have an entry, in the order in which they came to be.
  public var values: [ValueID] {
    entries.indices.lazy.filter { entries[$0] != nil }.map(ValueID.init(index:))
  }

  /// How many values have an entry.
  public var count: Int { entries.count { $0 != nil } }

  /// Drops the entry of a value.
  @discardableResult
  public mutating func removeValue(for value: ValueID) -> Element? {
    guard value.index < entries.count else { return nil }
    defer { entries[value.index] = nil }
    return entries[value.index]
  }

  public func mapValues<Other>(_ body: (Element) throws -> Other) rethrows -> ValueTable<Other> {
    var result = ValueTable<Other>()
    result.entries = try entries.map { try $0.map(body) }
    return result
  }

  /// The entries for whose values `isKept` holds.
  public func filter(_ isKept: (ValueID, Element) -> Bool) -> ValueTable {
    var result = self
    for index in entries.indices {
      if let element = entries[index], !isKept(ValueID(index: index), element) { result.entries[index] = nil }
    }
    return result
  }
}

extension ValueTable: Sequence {
  public func makeIterator() -> AnyIterator<(value: ValueID, element: Element)> {
    var index = 0
    return AnyIterator {
      while index < entries.count {
        defer { index += 1 }
        if let element = entries[index] { return (ValueID(index: index), element) }
      }
      return nil
    }
  }
}

extension ValueTable: Sendable where Element: Sendable {}

extension ValueTable: Equatable where Element: Equatable {
  /// Whether the same values have equal entries.
  public static func == (a: ValueTable, b: ValueTable) -> Bool {
    (0..<Swift.max(a.entries.count, b.entries.count)).allSatisfy { index in
      a[ValueID(index: index)] == b[ValueID(index: index)]
    }
  }
}
