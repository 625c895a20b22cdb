// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension Program {
  /// It runs on AMX here, and can be hindered: there is a C compiler, and no sanitizer.
  fileprivate static let fillsTiles =
    (try? run(["doctor"]).out.contains("kernels    amx")) == true && !Sanitizer.isAny
    && (try? tool("cc", ["--version"], in: "/tmp"))??.status == 0
}

extension ProgramTests {
  /// AMX: a kernel that refuses its state, and signals while tiles hold sums.
  @Suite(.enabled(if: Program.fillsTiles, "skipped: needs a CPU with AMX, a C compiler and no sanitizer"))
  struct Tiles {
    let work: Workplace

    init() throws { work = try Workplace() }

    private func make(_ name: String, _ source: String, _ options: [String] = []) throws {
      try work.write(source, to: "\(name).c")
      let made = try Program.tool("cc", options + ["-o", name, "\(name).c"], in: work.path)
      try #require(made?.status == 0, "\(made?.err ?? "")")
    }

    private static let labelling = [
      "run", "test:street?size=640x360&rate=10&seconds=5&seed=3", "null:", "--progress", "none", "--hash",
    ]

    private func plainLabels() throws -> Data {
      let result = try work.run(Self.labelling + ["argmax=plain.txt"])
      #expect(result.status == 0 && result.err.contains("kernels amx"), "\(result.err)")
      return try work.bytes("plain.txt")
    }

    /// A filter of system calls refuses the permission, as an old or a cautious kernel does.
    @Test func withoutPermission() throws {
      try make(
        "refuse",
        """
        #include <errno.h>
        #include <linux/filter.h>
        #include <linux/seccomp.h>
        #include <stddef.h>
        #include <sys/prctl.h>
        #include <sys/syscall.h>
        #include <unistd.h>
        int main(int count, char **words) {
          struct sock_filter filter[] = {
              BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
              BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_arch_prctl, 0, 3),
              BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)),
              BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x1023, 0, 1),  // ARCH_REQ_XCOMP_PERM
              BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
              BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
          };
          struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
          if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) return 125;
          if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) return 125;
          execv(words[1], words + 1);
          return 126;
        }
        """)
      func refused(_ words: [String]) throws -> Program.Result {
        try #require(try Program.tool(work("refuse"), [Program.path] + words, in: work.path))
      }
      let doctor = try refused(["doctor"])
      #expect(doctor.status == 0 && doctor.out.contains("kernels    avx512fp16"), "\(doctor.out)")
      #expect(!doctor.out.contains("amx"))
      let profile = try refused(["profile", "--runs", "1"])
      #expect(profile.status == 0 && profile.out.contains("int8_conv__avx512vnni"), "\(profile.err)")
      #expect(!profile.out.contains("__amx"))
      let named = try refused(["profile", "--cpu", "amx"])
      #expect(named.status != 0 && named.err.contains("amx"), "\(named.err)")
      let labels = try refused(Self.labelling + ["argmax=refused.txt"])
      #expect(labels.status == 0 && labels.err.contains("kernels avx512fp16"), "\(labels.err)")
      let plain = try plainLabels()
      #expect(try work.bytes("refused.txt") == plain)
    }

    /// A handler begins with empty tiles, and what they held is there again behind it.
    @Test func signalsThatComeWhileTilesAreFull() throws {
      try make(
        "ticks.so",
        """
        #define _GNU_SOURCE
        #include <dirent.h>
        #include <pthread.h>
        #include <signal.h>
        #include <stdint.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <sys/auxv.h>
        #include <ucontext.h>
        #include <unistd.h>
        static long ticks, full, narrow;
        static void tick(int number, siginfo_t *info, void *context) {
          const char *state = (const char *)((ucontext_t *)context)->uc_mcontext.fpregs;
          stack_t stack;
          __atomic_add_fetch(&ticks, 1, 5);
          // XSTATE_BV, of which bit 18 says that tiles hold something.
          if (*(const uint64_t *)(state + 512) >> 18 & 1) __atomic_add_fetch(&full, 1, 5);
          if (!sigaltstack(NULL, &stack) && !(stack.ss_flags & SS_DISABLE)
              && stack.ss_size < getauxval(AT_MINSIGSTKSZ))
            __atomic_add_fetch(&narrow, 1, 5);
          __asm__ volatile(".byte 0xc4, 0xe2, 0x78, 0x49, 0xc0");  // tilerelease
        }
        // Threads that sleep are left to.
        static int runs(const char *task) {
          char path[64], line[256] = "";
          snprintf(path, sizeof path, "/proc/self/task/%.20s/stat", task);
          FILE *file = fopen(path, "r");
          if (!file) return 0;
          const char *name = fgets(line, sizeof line, file) ? strrchr(line, ')') : NULL;
          fclose(file);
          return name && name[2] == 'R';
        }
        static void *hit(void *unused) {
          for (;; usleep(200)) {
            DIR *tasks = opendir("/proc/self/task");
            for (struct dirent *task; tasks && (task = readdir(tasks));) {
              const int id = atoi(task->d_name);
              if (id && id != gettid() && runs(task->d_name)) tgkill(getpid(), id, SIGUSR1);
            }
            if (tasks) closedir(tasks);
          }
          return unused;
        }
        __attribute__((constructor)) static void begin(void) {
          struct sigaction action = {.sa_sigaction = tick, .sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK};
          sigaction(SIGUSR1, &action, NULL);
          // Whoever started us may have had it blocked.
          sigset_t open;
          sigemptyset(&open);
          sigaddset(&open, SIGUSR1);
          pthread_sigmask(SIG_UNBLOCK, &open, NULL);
          pthread_t thread;
          pthread_create(&thread, NULL, hit, NULL);
        }
        __attribute__((destructor)) static void end(void) {
          FILE *file = fopen("ticks.txt", "w");
          if (file) fprintf(file, "%ld %ld %ld", ticks, full, narrow), fclose(file);
        }
        """, ["-shared", "-fPIC", "-pthread"])
      let preload = "LD_PRELOAD=\(work("ticks.so"))"
      let result = try #require(
        try Program.tool("env", [preload, Program.path] + Self.labelling + ["argmax=hit.txt"], in: work.path))
      #expect(result.status == 0, "\(result.err)")
      let counts = try work.text("ticks.txt").split(separator: " ").map { Int($0)! }
      #expect(counts[0] > 50 && counts[1] > 0, "\(counts): ticks, with full tiles, on narrow stacks")
      #expect(counts[2] == 0, "an alternate stack is too small for the state of tiles")
      let plain = try plainLabels()
      #expect(try work.bytes("hit.txt") == plain)
    }
  }
}
