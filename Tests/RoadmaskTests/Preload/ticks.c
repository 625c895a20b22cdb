// SPDX-License-Identifier: Apache-2.0
// Sends signals to running threads, and writes ticks.txt at the end: how many signals came, how many of them while
// tiles held something, and how many on a stack that is too small for them.
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
