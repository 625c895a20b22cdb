// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import Kernels
@testable import Workers

struct WorkerPoolTests {
  /// Every thread count computes every element once, over and over, with the threads asleep or not.
  @Test(arguments: [1, 2, 3, 5])
  func resultsDoNotDependOnThreads(threads: Int) async throws {
    let count = 200_000
    let kernels = FloatKernels(level: .best)
    let input = UnsafeMutablePointer<Float>.allocate(capacity: count)
    let output = UnsafeMutablePointer<Float>.allocate(capacity: count)
    defer {
      input.deallocate()
      output.deallocate()
    }
    for index in 0..<count { input[index] = Float(index % 1000) }
    let job = kernels.unary(.clamp(Limits(low: 10, high: 500)), input: input, output: output, count: count)
    let pool = WorkerPool(threads: threads)
    for round in 0..<60 {
      output.update(repeating: -1, count: count)
      pool.run(job)
      let wrong = (0..<count).first { output[$0] != min(max(Float($0 % 1000), 10), 500) }
      #expect(wrong == nil, "round \(round), element \(wrong ?? 0)")
      if wrong != nil { break }
      if round % 20 == 0 { try await Task.sleep(for: .milliseconds(2)) }
    }
  }

  /// While fewer threads may work, the others take no unit; called again, they do.
  @Test func threadsThatMayNotWorkSleep() {
    let pool = WorkerPool(threads: 4)
    let workers = UnsafeMutablePointer<UInt>.allocate(capacity: 64)
    defer { workers.deallocate() }
    let note: Job.Function = { arguments, begin, end in
      let workers = arguments.load(as: UnsafeMutablePointer<UInt>.self)
      for unit in begin..<end { workers[unit] = UInt(pthread_self()) }
      usleep(100)
    }
    let job = Job(note, workers, units: 64, work: 10_000_000)
    for (limit, most) in [(4, 4), (2, 2), (1, 1), (3, 3), (0, 1), (9, 4)] {
      pool.limit(to: limit)
      var seen: Set<UInt> = []
      for _ in 0..<30 {
        workers.update(repeating: 0, count: 64)
        pool.run(job)
        seen.formUnion(UnsafeBufferPointer(start: workers, count: 64))
      }
      #expect(
        !seen.contains(0) && seen.count <= most && (seen.count > 1) == (most > 1), "\(limit): \(seen.count)")
    }
  }

  /// Calls begin at multiples of a job's step, and all of what it counts in is done once.
  @Test(arguments: [1, 2, 3]) func jobsInStepsAreDoneOnce(threads: Int) {
    let count = 300
    let times = UnsafeMutablePointer<UInt8>.allocate(capacity: count)
    defer { times.deallocate() }
    let note: Job.Function = { arguments, begin, end in
      let times = arguments.load(as: UnsafeMutablePointer<UInt8>.self)
      for index in begin..<end { times[index] += begin % 128 == 0 ? 1 : 100 }
    }
    let job = Job(note, times, units: count, step: 128, work: 10_000_000)
    #expect(job.units == 3)
    let pool = WorkerPool(threads: threads)
    for round in 0..<50 {
      times.update(repeating: 0, count: count)
      pool.run(job)
      #expect((0..<count).allSatisfy { times[$0] == 1 }, "round \(round)")
    }
  }

  @Test func smallJobsStayOnTheCaller() {
    let kernels = FloatKernels(level: .scalar)
    let values = UnsafeMutablePointer<Float>.allocate(capacity: 3)
    defer { values.deallocate() }
    values.update(repeating: -1, count: 3)
    let pool = WorkerPool(threads: 3)
    pool.run(kernels.unary(.clamp(Limits(low: 0, high: 1)), input: values, output: values, count: 3))
    #expect((0..<3).allSatisfy { values[$0] == 0 })
  }
}

struct BroadcastPlanTests {
  @Test func joinsAxesThatRunTogether() {
    let same = BroadcastPlan(a: [1, 4, 5, 6], b: [1, 4, 5, 6], output: [1, 4, 5, 6])
    #expect(same.extents == [120] && same.aStrides == [1] && same.bStrides == [1])
    let channel = BroadcastPlan(a: [1, 4, 5, 6], b: [6], output: [1, 4, 5, 6])
    #expect(channel.extents == [20, 6] && channel.aStrides == [6, 1] && channel.bStrides == [0, 1])
    let pixel = BroadcastPlan(a: [2, 4, 5, 6], b: [2, 4, 5, 1], output: [2, 4, 5, 6])
    #expect(pixel.extents == [40, 6] && pixel.bStrides == [1, 0])
    let scalar = BroadcastPlan(a: [], b: [], output: [])
    #expect(scalar.extents == [1])
  }

  @Test func leavesRunsToShare() {
    let wide = BroadcastPlan(a: [100, 120, 64], b: [100, 120, 64], output: [100, 120, 64])
    #expect(wide.extents == [100, 7680])
  }
}
