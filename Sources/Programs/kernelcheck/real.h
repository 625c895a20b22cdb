// SPDX-License-Identifier: Apache-2.0
// What the checks of floating-point kernels share.
#pragma once

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "families.h"
#include "rm_real.h"

typedef void (*real_kernel)(const void *arguments, ptrdiff_t begin, ptrdiff_t end);

// One kernel on one shape: scalar and variant, each with arguments that name its own output.
typedef struct {
  const char *name, *shape;
  real_kernel scalar, variant;
  const void *scalar_arguments, *variant_arguments;
  ptrdiff_t units;
  void *want, *got;
  size_t count;              // elements in the output
  float relative, absolute;  // the stated error of floats
  float rounding;            // terms of a sum, for kernels that keep it in halves
  double work;               // for rates
  const char *unit;          // "flop" or "B"
} real_case;

// Compares, and checks that the variant gives the same bits whichever way its units are split; or times both.
void real_run(check *c, const real_case *what);

// Elements that end at an unreadable page. Values within [low, high], or hard ones among them.
typedef struct {
  guarded memory;
  void *at;
  size_t count;
} real_array;
real_array real_random(check *c, size_t count, float low, float high);
real_array real_extreme(check *c, size_t count);
// Floats, whatever the elements are.
real_array real_floats(check *c, size_t count, float low, float high);
// These floats as elements; frees them.
real_array real_elements(check *c, real_array floats);
void real_free(real_array *array);

// The tables under comparison, and bytes of an element.
const rm_real_table *real_scalar(const check *c);
const rm_real_table *real_variant(const check *c);
size_t real_size(const check *c);
// "f16_conv__avx2"
void real_name(const check *c, char *out, size_t size, const char *op);

void check_real_conv(check *c);
void check_real_elementwise(check *c);
void check_real_maps(check *c);
