// SPDX-License-Identifier: Apache-2.0
// What the checks of floating-point kernels share.
#pragma once

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "families.h"
#include "rm_f32.h"

typedef void (*f32_kernel)(const void *arguments, ptrdiff_t begin, ptrdiff_t end);

// One kernel on one shape: scalar and variant, each with arguments that name its own output.
typedef struct {
  const char *name, *shape;
  f32_kernel scalar, variant;
  const void *scalar_arguments, *variant_arguments;
  ptrdiff_t units;
  float *want, *got;
  size_t count;              // floats in the output
  float relative, absolute;  // the stated error
  double work;               // for rates
  const char *unit;          // "flop" or "B"
} f32_case;

// Compares, and checks that the variant gives the same bits whichever way its units are split; or times both.
void f32_run(check *c, const f32_case *what);

// Floats that end at an unreadable page. Values within [low, high], or hard ones among them.
typedef struct {
  guarded memory;
  float *at;
  size_t count;
} f32_array;
f32_array f32_random(check *c, size_t count, float low, float high);
f32_array f32_extreme(check *c, size_t count);
void f32_free(f32_array *array);

void check_f32_conv(check *c);
void check_f32_elementwise(check *c);
void check_f32_maps(check *c);
