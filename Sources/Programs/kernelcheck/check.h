// SPDX-License-Identifier: Apache-2.0
// What every kernel check shares: guarded memory, reproducible inputs, comparison, timing.
//
// A family of kernels has one file here. It offers a function that walks its table slots, runs the scalar
// kernel and the variant of `check->level` on the same inputs, and compares.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rm_cpu.h"

typedef struct {
  rm_cpu_level level;  // the variant under test; scalar itself is checked against plain expectations
  int bench;           // print times instead of checking
  const char *filter;  // only kernels whose name contains this; NULL means all
  uint64_t seed;
  int half;            // elements of real numbers are halves
  int bf16;            // and convolutions may round them to bf16
  int passed, failed;
} check;

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

// 1 where the kernel's name passes the filter.
int check_wants(const check *c, const char *kernel);

// Books one comparison; prints the first difference with the case's description.
void check_bytes(check *c, const char *kernel, const char *shape, const void *want, const void *got, size_t size);
void check_floats(check *c, const char *kernel, const char *shape, const float *want, const float *got,
                  size_t count, float relative, float absolute);

// Seconds for one call, best of several, and a line: kernel, shape, microseconds, rate, ratio to scalar.
double check_time(void (*call)(void *), void *argument);
void check_bench_line(const char *kernel, const char *shape, double scalar_s, double variant_s, double work,
                      const char *unit);
