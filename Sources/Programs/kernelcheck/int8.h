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

// `times` comparisons of the level's kernels with the scalar ones.
void int8_repeat(check *c, void (*one)(check *, const rm_int8_kernels *scalar, const rm_int8_kernels *variant),
                 int times);

// The check and the bench of each slot.
#define RM_SLOT(slot, ...)          \
  void check_int8_##slot(check *c); \
  void bench_int8_##slot(check *c);
#include "slots_int8.inc"

// int8_rules.c: the scalar kernels against expectations worked out another way.
void int8_expect_conv(check *c, int depthwise);
void int8_expect_combine(check *c);
void int8_expect_taps(check *c);
void int8_expect_softmax(check *c);
void int8_expect_warp(check *c);
void int8_expect_matmul(check *c);
