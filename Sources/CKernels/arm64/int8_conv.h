// SPDX-License-Identifier: Apache-2.0
// What the dense convolutions of arm64 share: the end of a tile, 4 output channels a vector.
#pragma once

#include "../int8_tiles.h"
#include "int8_neon.h"

INLINE void rm_finish_pixel(const rm_int8_tile *t, const int32x4_t *sum, const int vectors, int pixel,
                            const rm_rule8 *rule) {
  const rm_int8_conv_call *call = t->call;
  uint8_t *out = t->out + pixel * call->out_pixel;
  for (int v = 0; v < vectors; v += 2) {
    const int second = v + 1 < vectors ? v + 1 : v;
    uint8x8_t bytes = rm_requantize8(sum[v], sum[second], vld1q_f32(t->multiplier + 4 * v),
                                     vld1q_f32(t->multiplier + 4 * second), rule);
    if (t->residual)
      bytes = rm_combine8(bytes, vld1_u8(t->residual + pixel * call->residual_pixel + 4 * v), &call->join);
    const int width = v + 1 < vectors ? 8 : 4, left = t->channels - 4 * v;
    rm_store8(out + 4 * v, bytes, left < width ? left : width);
  }
}
