// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static uint64_t mix(uint64_t *state) {
  uint64_t z = (*state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

guarded guarded_alloc(size_t size, size_t slack) {
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  const size_t body = (size + slack + page - 1) / page * page;
  guarded g = {.size = size, .map_size = body + 2 * page};
  g.map = mmap(NULL, g.map_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (g.map == MAP_FAILED || mprotect((char *)g.map + page, body, PROT_READ | PROT_WRITE)) {
    perror("guarded memory");
    exit(71);
  }
  g.data = (uint8_t *)g.map + page + body - size - slack;
  uint64_t state = size;
  for (size_t i = 0; i < size + slack; i++) g.data[i] = (uint8_t)mix(&state);
  return g;
}

void guarded_free(guarded *g) {
  munmap(g->map, g->map_size);
  g->data = NULL;
}

uint64_t check_random(check *c) { return mix(&c->seed); }

int check_range(check *c, int low, int high) {
  return low + (int)(check_random(c) % (uint64_t)(high - low + 1));
}

float check_float(check *c, float low, float high) {
  return low + (high - low) * (float)(check_random(c) >> 40) * 0x1p-24f;
}

void check_fill_u8(check *c, uint8_t *out, size_t count) {
  for (size_t i = 0; i < count; i++) out[i] = (uint8_t)check_random(c);
}

void check_fill_f32(check *c, float *out, size_t count, float low, float high) {
  for (size_t i = 0; i < count; i++) out[i] = check_float(c, low, high);
}

// What runs, for the handler of signals.
static const rm_kernel_id *volatile running;

static void say(const char *text) {
  if (write(STDOUT_FILENO, text, strlen(text)) < 0) _exit(1);
}

static void stopped(int signal) {
  say("FAILED ");
  say(running ? running->name : "kernelcheck itself");
  say(signal == SIGSEGV || signal == SIGBUS ? ": touches memory outside of its buffers\n"
      : signal == SIGILL                    ? ": has an instruction that this machine lacks\n"
                                            : ": breaks its contract\n");
  _exit(1);
}

static int wants(const check *c, const rm_kernel_id *kernel) {
  char name[80];
  snprintf(name, sizeof name, "rm_%s", kernel->name);
  return !c->filter || strstr(name, c->filter);
}

void check_slots(check *c, const check_entry *entries, const rm_kernel_slot *slots, size_t count) {
  static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGABRT, SIGFPE};
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) signal(signals[i], stopped);
  const uint64_t seed = c->seed;
  for (size_t i = 0; i < count; i++) {
    if (!slots[i].function || !wants(c, slots[i].id)) continue;
    running = c->kernel = slots[i].id;
    // Text that is printed stands before what a handler says.
    fflush(stdout);
    for (const char *letter = slots[i].slot; *letter; letter++) c->seed = c->seed * 31 + (uint8_t)*letter;
    const int before = c->passed + c->failed + c->timed;
    (c->bench ? entries[i].bench : entries[i].check)(c);
    if (c->passed + c->failed + c->timed == before) {
      c->failed++;
      printf("FAILED %s: nothing was %s\n", c->kernel->name, c->bench ? "timed" : "compared");
    }
    c->seed = seed;
    running = c->kernel = NULL;
  }
}

static void book(check *c, int good, const char *shape, const char *detail) {
  if (good) {
    c->passed++;
  } else {
    c->failed++;
    printf("FAILED %s %s: %s\n", c->kernel->name, shape, detail);
  }
}

void check_bytes(check *c, const char *shape, const void *want, const void *got, size_t size) {
  const uint8_t *a = want, *b = got;
  char detail[96] = "";
  size_t at = 0;
  while (at < size && a[at] == b[at]) at++;
  if (at < size) snprintf(detail, sizeof detail, "byte %zu of %zu is %d, expected %d", at, size, b[at], a[at]);
  book(c, at == size, shape, detail);
}

void check_floats(check *c, const char *shape, const float *want, const float *got, size_t count, float relative,
                  float absolute) {
  char detail[96] = "";
  size_t at = 0;
  while (at < count && fabsf(want[at] - got[at]) <= absolute + relative * fabsf(want[at])) at++;
  if (at < count)
    snprintf(detail, sizeof detail, "value %zu of %zu is %.9g, expected %.9g", at, count, got[at], want[at]);
  book(c, at == count, shape, detail);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

check_times check_time(void (*call)(void *), void *argument) {
  enum { MOST = 200 };
  double took[MOST];
  call(argument);
  const double start = now();
  int runs = 0;
  while (runs < MOST && (runs < 5 || now() - start < 0.1)) {
    const double before = now();
    call(argument);
    took[runs++] = now() - before;
  }
  qsort(took, (size_t)runs, sizeof *took, ascending);
  return (check_times){took[0], took[runs / 2]};
}

void check_bench_line(check *c, const char *shape, check_times scalar, check_times variant, double work,
                      const char *unit) {
  c->timed++;
  printf("%-34s %-34s %10.1f us +%2.0f%% %8.2f G%s/s %7.2fx scalar\n", c->kernel->name, shape, variant.best * 1e6,
         100 * (variant.median / variant.best - 1), work / variant.best * 1e-9, unit, scalar.best / variant.best);
}
