// SPDX-License-Identifier: Apache-2.0
// What the checks of floating-point kernels share.
#pragma once

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "families.h"
#include "rm_float.h"

typedef void (*float_kernel)(const void *arguments, ptrdiff_t begin, ptrdiff_t end);

// One kernel on one shape: scalar and variant, each with arguments that name its own output.
typedef struct {
  const char *shape;
  float_kernel scalar, variant;
  const void *scalar_arguments, *variant_arguments;
  ptrdiff_t units;
  void *want, *got;
  size_t count;              // elements in the output
  float relative, absolute;  // the stated error of floats
  float rounding;            // terms of a sum, for kernels that keep it in halves
  double work;               // for rates
  const char *unit;          // "flop" or "B"
} float_case;

// Compares, and checks that the variant gives the same bits whichever way its units are split; or times both.
void float_run(check *c, const float_case *what);

// Elements that end at an unreadable page. Values within [low, high], or hard ones among them.
typedef struct {
  guarded memory;
  void *at;
  size_t count;
} float_array;
float_array float_random(check *c, size_t count, float low, float high);
float_array float_extreme(check *c, size_t count);
// Floats, whatever the elements are.
float_array float_floats(check *c, size_t count, float low, float high);
// These floats as elements; frees them.
float_array float_elements(check *c, float_array floats);
void float_free(float_array *array);

// The tables under comparison, and bytes of an element.
const rm_float_table *float_scalar(const check *c);
const rm_float_table *float_variant(const check *c);
size_t float_size(const check *c);

// The check and the bench of each slot.
#define RM_SLOT(slot, ...)           \
  void check_float_##slot(check *c); \
  void bench_float_##slot(check *c);
#include "slots_float.inc"
