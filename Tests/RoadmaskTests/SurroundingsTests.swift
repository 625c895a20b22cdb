// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension ProgramTests {
  /// What the machine does while the program runs.
  @Suite struct Surroundings {
    let work: Workplace

    init() throws { work = try Workplace() }

    private static let cpus = sysconf(Int32(_SC_NPROCESSORS_ONLN))

    private static func has(_ tool: String) -> Bool {
      (try? Program.tool(tool, ["--version"], in: "/tmp"))??.status == 0
    }

    private func report(_ result: Program.Result) throws -> [String: Any] {
      try #require(try JSONSerialization.jsonObject(with: Data(result.out.utf8)) as? [String: Any])
    }

    @Test(.enabled(if: has("taskset"), "needs taskset"))
    func threadsFollowTheMask() throws {
      let words = ["-c", "0", Program.path, "run", Street.short, "null:", "--report", "json"] + Street.fast
      let result = try #require(try Program.tool("taskset", words, in: work.path))
      #expect(result.status == 0, "\(result.err)")
      #expect((try report(result)["machine"] as? [String: Any])?["threads"] as? Int == 1)
    }

    /// Lets `program` have the CPUs of `list`.
    private func allow(_ program: Started, _ list: String) throws {
      let words = ["-a", "-p", "-c", list, "\(program.identifier)"]
      let result = try Program.tool("taskset", words, in: work.path)
      #expect(result?.status == 0, "\(result?.err ?? "")")
    }

    /// CPUs that are taken away while it runs, and given back: said, and followed.
    @Test(.enabled(if: has("taskset") && cpus > 1, "needs taskset and two CPUs"))
    func aMaskThatChanges() throws {
      let program = try Started(
        Program.path,
        ["run", Street.endless, "null:", "--live", "--progress", "none", "--infer-size", "96x64"],
        in: work.path)
      #expect(program.wait { program.err.contains("run  policy") }, "\(program.err)")
      sleep(1)
      try allow(program, "0")
      #expect(program.wait { program.err.contains("warning: 1 of the \(Self.cpus) CPUs") }, "\(program.err)")
      try allow(program, "0-\(Self.cpus - 1)")
      let back = "info: \(Self.cpus) of the \(Self.cpus) CPUs"
      #expect(program.wait { program.err.contains(back) }, "\(program.err)")
      program.send(SIGINT)
      #expect(program.wait().status == 130)
    }

    /// The same of `serve`: said, and the runs that begin after it have as many threads.
    @Test(.enabled(if: has("taskset") && cpus > 1, "needs taskset and two CPUs"))
    func aMaskThatChangesUnderAService() throws {
      try work.write(
        """
        version: 1
        source: { uri: "\(Street.short)" }
        model: { size: 96x64 }
        outputs: [ { uri: "null:" } ]
        restart: { policy: always, backoff: [100ms, 100ms] }
        """, to: "a.yaml")
      let program = try Started(Program.path, ["serve", "a.yaml"], in: work.path)
      // What was said since the last line with `words` contains `next`.
      func says(_ next: String, after words: String) -> Bool {
        program.wait { program.err.components(separatedBy: words).dropFirst().last?.contains(next) == true }
      }
      let all = "\(Self.cpus) threads"
      #expect(says("  \(all)  memory", after: "serve: 1 pipeline, \(all) (a \(Self.cpus))"), "\(program.err)")
      try allow(program, "0")
      #expect(says("  1 thread  memory", after: "the machine allows 1 thread (a 1) now"), "\(program.err)")
      try allow(program, "0-\(Self.cpus - 1)")
      let back = "the machine allows \(all) (a \(Self.cpus)) now"
      #expect(says("  \(all)  memory", after: back), "\(program.err)")
      program.send(SIGINT)
      #expect(program.wait().status == 0)
    }

    /// The wall clock jumps by an hour, and by years back, at every other look at it.
    @Test(.enabled(if: has("cc") && !Sanitizer.isAny, "needs a C compiler, and no sanitizer"))
    func clockThatJumps() throws {
      let source = """
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <sys/time.h>
        #include <time.h>
        static long jump(void) {
          static long looks;
          return (long[]){0, 3600, -300000000, 86400}[__atomic_add_fetch(&looks, 1, 5) % 4];
        }
        int clock_gettime(clockid_t id, struct timespec *t) {
          int (*real)(clockid_t, struct timespec *) = dlsym(RTLD_NEXT, "clock_gettime");
          int status = real(id, t);
          if (id == CLOCK_REALTIME) t->tv_sec += jump();
          return status;
        }
        int gettimeofday(struct timeval *t, void *zone) {
          int (*real)(struct timeval *, void *) = dlsym(RTLD_NEXT, "gettimeofday");
          int status = real(t, zone);
          t->tv_sec += jump();
          return status;
        }
        time_t time(time_t *out) {
          struct timespec t;
          clock_gettime(CLOCK_REALTIME, &t);
          if (out) *out = t.tv_sec;
          return t.tv_sec;
        }
        """
      try work.write(source, to: "jump.c")
      let made = try Program.tool(
        "cc", ["-shared", "-fPIC", "-o", "jump.so", "jump.c", "-ldl"], in: work.path)
      #expect(made?.status == 0, "\(made?.err ?? "")")
      let live = "test:street?size=192x128&rate=10&seconds=3&seed=3"
      let words =
        ["LD_PRELOAD=\(work("jump.so"))", Program.path, "run", live, "out.mp4", "--set", "source.live=true"]
        + ["--set", "pipeline.policy=block", "--report", "json"] + Street.fast
      let result = try #require(try Program.tool("env", words, in: work.path))
      #expect(result.status == 0, "\(result.err)")
      let report = try report(result)
      #expect(report["reconnects"] as? Int == 0)
      let frames = try #require(report["frames"] as? [String: Int])
      #expect(frames == ["in": 30, "out": 30, "dropped": 0, "failed": 0])
      let wall = try #require(report["wall_s"] as? Double)
      #expect(wall > 2.5 && wall < 1800, "\(wall)")
      #expect(try Clip(work("out.mp4")).count == 30)
    }

    // Files that are hardly films.

    @Test(.enabled(if: Labels.hasFFmpeg, "needs the ffmpeg program"))
    func oneFrame() throws {
      let words = ["-v", "error", "-f", "lavfi", "-i", "testsrc=s=64x48:r=10:d=0.1", "one.mp4"]
      #expect(try Program.tool("ffmpeg", words, in: work.path)?.status == 0)
      try work.label(["one.mp4", "out.mp4"])
      #expect(try Clip(work("out.mp4")).count == 1)
    }

    @Test(.enabled(if: Labels.hasFFmpeg, "needs the ffmpeg program"))
    func soundWithACover() throws {
      let words =
        ["-v", "error", "-f", "lavfi", "-i", "sine=d=0.3", "-f", "lavfi", "-i", "testsrc=s=64x48:d=1"]
        + [
          "-map", "0", "-map", "1", "-frames:v", "1", "-c:v", "mjpeg", "-disposition:v", "attached_pic",
          "a.m4a",
        ]
      #expect(try Program.tool("ffmpeg", words, in: work.path)?.status == 0)
      expectRefusal(try work.run(["a.m4a", "out.mp4"] + Street.fast), "RM-IN-003", "a.m4a")
      #expect(!work.exists("out.mp4"))
    }
  }
}
