// SPDX-License-Identifier: Apache-2.0
// What the checks of the integer family share.
#pragma once

#include "check.h"
#include "rm_int8.h"

// Where values come from: pseudo-random, or the ends of the range only.
typedef enum { INT8_RANDOM, INT8_EXTREME } int8_fill;

void int8_fill_bytes(check *c, uint8_t *out, size_t count, int8_fill fill);

// A convolution with everything it needs; `got` and `want` are equal at the start.
typedef struct {
  rm_int8_conv_call call;
  guarded in, weights, bias, multiplier, pad, residual, want, got, packed, reference;
  rm_int8_conv_weights from;
  int depthwise;
  char name[160];
} int8_conv_case;

typedef struct {
  int rows, columns, in, out, kernel, stride, dilation, pad;
  int in_gap, out_gap, residual;
  int8_fill fill;
} int8_conv_plan;

// `level` packs; the scalar kernels pack too.
int8_conv_case int8_make_conv(check *c, const int8_conv_plan *plan, int depthwise);
void int8_free_conv(int8_conv_case *);

void check_int8_conv(check *c);         // int8_conv.c
void check_int8_elementwise(check *c);  // int8_elementwise.c
void check_int8_windows(check *c);      // int8_windows.c
void check_int8_products(check *c);     // int8_products.c
void check_int8_rules(check *c);        // int8_rules.c: the scalar kernels against plain expectations
void bench_int8(check *c);              // int8_bench.c
