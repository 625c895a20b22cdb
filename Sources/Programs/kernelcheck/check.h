// SPDX-License-Identifier: Apache-2.0
// What every kernel check shares: the walk over a table's slots, guarded memory, reproducible inputs, comparison,
// timing.
//
// The registry is the list of slots itself (slots_*.inc): a family's file makes of each row an entry with a check and
// a bench, so that a slot without either does not link, and one whose check compares nothing fails.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rm_cpu.h"
#include "rm_kernel.h"

typedef struct {
  rm_cpu_level level;          // the variant under test; scalar itself is checked against plain expectations
  int bench;                   // print times instead of checking
  const char *filter;          // only kernels whose name contains this; NULL means all
  uint64_t seed;
  rm_numbers numbers;          // of the table under test, for floats: RM_NUMBERS_FLOAT, _HALF or _BF16
  int half;                    // elements under comparison are halves
  const rm_kernel_id *kernel;  // under test
  int passed, failed, timed;
} check;

// A slot: `check` runs the scalar kernel and the variant of `c->level` on the same inputs, and compares; `bench` prints
// lines of times.
typedef struct {
  const char *slot;
  void (*check)(check *);
  void (*bench)(check *);
} check_entry;

// Checks or times those of the slots that the filter takes and that have a kernel. Inputs depend on the seed and the
// slot alone. A kernel that reads or writes outside of guarded memory, or traps, ends the program, which names it.
void check_slots(check *c, const check_entry *entries, const rm_kernel_slot *slots, size_t count);

// Memory that ends at an unreadable page and begins behind one: a kernel that touches a byte outside
// [0, size + slack) ends the program. Contents are pseudo-random. `slack` is the documented over-read.
typedef struct {
  uint8_t *data;
  size_t size;
  void *map;
  size_t map_size;
} guarded;
guarded guarded_alloc(size_t size, size_t slack);
void guarded_free(guarded *g);

// SplitMix64 (Steele, Lea, Flood 2014).
uint64_t check_random(check *c);
int check_range(check *c, int low, int high);  // inclusive
float check_float(check *c, float low, float high);
void check_fill_u8(check *c, uint8_t *out, size_t count);
void check_fill_f32(check *c, float *out, size_t count, float low, float high);

// Books one comparison of the kernel under test; prints the first difference with the case's description.
void check_bytes(check *c, const char *shape, const void *want, const void *got, size_t size);
void check_floats(check *c, const char *shape, const float *want, const float *got, size_t count, float relative,
                  float absolute);

// Seconds for one call: the best of several, and the median.
typedef struct {
  double best, median;
} check_times;
check_times check_time(void (*call)(void *), void *argument);
// Prints a line of the kernel under test: shape, microseconds, how much more the median is, rate, ratio to scalar.
void check_bench_line(check *c, const char *shape, check_times scalar, check_times variant, double work,
                      const char *unit);
