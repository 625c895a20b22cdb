// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import Testing

@testable import Stages

@Suite struct ThreadBudgetTests {
  @Test(arguments: [(1, 1, 1), (2, 2, 1), (4, 3, 1), (8, 6, 1), (16, 12, 2), (64, 48, 8)])
  func theTotalIsSharedOut(_ total: Int, _ infer: Int, _ codec: Int) {
    let budget = ThreadBudget(total: total)
    #expect(budget.inferWorkers == infer)
    #expect(budget.decoderThreads == codec && budget.encoderThreads == codec)
  }

  @Test(arguments: [(8, nil, 8), (8, 2.0, 2), (8, 2.5, 3), (2, 16.0, 2), (4, 0.1, 1)])
  func theQuotaLimitsTheMask(_ affinity: Int, _ quota: Double?, _ total: Int) {
    #expect(ThreadBudget.available(affinity: affinity, quota: quota).total == total)
  }

  private func quota(_ groups: String, _ files: [String: String]) -> Double? {
    CPUQuota.read(groups: groups, root: "/c") { files[$0] }
  }

  @Test func secondVersion() {
    #expect(quota("0::/a/b\n", ["/c/a/b/cpu.max": "150000 100000\n"]) == 1.5)
    #expect(quota("0::/a/b\n", ["/c/a/b/cpu.max": "max 100000\n", "/c/a/cpu.max": "200000 100000\n"]) == 2)
    #expect(
      quota("0::/a/b\n", ["/c/a/b/cpu.max": "400000 100000\n", "/c/a/cpu.max": "200000 100000\n"]) == 2)
    #expect(quota("0::/elsewhere\n", ["/c/cpu.max": "50000 100000\n"]) == 0.5)
    #expect(quota("0::/\n", [:]) == nil)
  }

  @Test func firstVersion() {
    let groups = "12:memory:/x\n3:cpu,cpuacct:/docker/1\n0::/\n"
    let base = "/c/cpu/docker/1/cpu.cfs_"
    #expect(quota(groups, [base + "quota_us": "300000\n", base + "period_us": "100000\n"]) == 3)
    #expect(quota(groups, [base + "quota_us": "-1\n", base + "period_us": "100000\n"]) == nil)
  }

  /// A quota that is written anew, and taken away, while the program runs.
  @Test(.timeLimit(.minutes(10))) func changesAreNoticed() throws {
    let path = NSTemporaryDirectory() + "roadmask-" + UUID().uuidString
    func allow(_ text: String) throws { try text.write(toFile: path, atomically: true, encoding: .utf8) }
    try allow("400000 100000\n")
    defer { try? FileManager.default.removeItem(atPath: path) }
    let told = Mutex<[Int]>([])
    let tells = DispatchSemaphore(value: 0)
    let watch = ThreadBudgetWatch(every: 0.01) {
      .available(affinity: 8, quota: CPUQuota.read(groups: "0::/", root: "") { _ in SmallFile.text(path) })
    } _: { budget in
      told.withLock { $0.append(budget.total) }
      tells.signal()
    }
    for text in ["100000 100000\n", "max 100000\n", "250000 100000\n"] {
      try allow(text)
      tells.wait()
    }
    watch.stop()
    #expect(told.withLock { $0 } == [1, 8, 3])
  }

  @Test func nonsenseIsNoLimit() {
    #expect(quota("", [:]) == nil)
    #expect(quota("0::/a", ["/c/a/cpu.max": "0 0"]) == nil)
    #expect(quota("x:y", ["/c/cpu.max": "1"]) == nil)
  }

  @Test func theMaskIsCounted() {
    #expect(
      ThreadBudget.affinityCount(status: "Name:\tx\nCpus_allowed:\tff,0000000f\nCpus_allowed_list: 0\n") == 12
    )
    #expect(ThreadBudget.affinityCount(status: "Name:\tx\n") == nil)
    #expect(ThreadBudget.available.total >= 1)
  }
}
