// SPDX-License-Identifier: Apache-2.0
// What the dense convolutions of arm64 share: the end of a tile, 4 output channels a vector.
#pragma once

#include "../int8_tiles.h"
#include "int8_neon.h"

typedef struct {
  rm_rule8 rule;
  float32x4_t multiplier[4];
} rm_finish;

INLINE rm_finish rm_make_finish(const rm_int8_tile *t, const int vectors) {
  rm_finish f = {.rule = rm_make_rule8(t->call->out_zero, t->call->low, t->call->high)};
  RM_INT8_UNROLL
  for (int v = 0; v < vectors; v++) f.multiplier[v] = vld1q_f32(t->multiplier + 4 * v);
  return f;
}

INLINE void rm_finish_pixel(const rm_int8_tile *t, const int32x4_t *sum, const int vectors, int pixel,
                            const rm_finish *f) {
  const rm_int8_conv_call *call = t->call;
  const float32x4_t *m = f->multiplier;
  uint8_t *out = t->out + pixel * call->out_pixel;
  const uint8_t *residual = t->residual ? t->residual + pixel * call->residual_pixel : NULL;
  if (vectors == 4) {
    uint8x16_t bytes = rm_requantize16(sum, m, &f->rule);
    if (residual) bytes = rm_combine16(bytes, vld1q_u8(residual), &call->join);
    rm_store16(out, bytes, t->channels);
    return;
  }
  RM_INT8_UNROLL
  for (int v = 0; v < vectors; v += 2) {
    const int second = v + 1 < vectors ? v + 1 : v;
    uint8x8_t bytes = rm_requantize8(sum[v], sum[second], m[v], m[second], &f->rule);
    if (residual) bytes = rm_combine8(bytes, vld1_u8(residual + 4 * v), &call->join);
    const int width = v + 1 < vectors ? 8 : 4, left = t->channels - 4 * v;
    rm_store8(out + 4 * v, bytes, left < width ? left : width);
  }
}
