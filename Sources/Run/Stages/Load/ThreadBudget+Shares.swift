// SPDX-License-Identifier: Apache-2.0

extension ThreadBudget {
  /// Shares `total` out among pipelines, as equally as their own wishes allow; each gets a thread.
  ///
  /// - Parameter wanted: the most that each may have; `nil` takes what it gets.
  public static func shares(of total: ThreadBudget, among wanted: [Int?]) -> [Int] {
    var shares = wanted.map { _ in 1 }
    var left = total.total - shares.count
    while left > 0 {
      let hungry = shares.indices.filter { shares[$0] < wanted[$0] ?? .max }
      if hungry.isEmpty { break }
      for index in hungry where left > 0 {
        shares[index] += 1
        left -= 1
      }
    }
    return shares
  }
}
