// SPDX-License-Identifier: Apache-2.0
// Without a dot-product instruction: activations less 128 fit s8, smull gives their products with weights in s16 and
// sadalp adds neighbours into s32, so nothing can overflow. An accumulator holds two partial sums for each of two
// channels; one pairwise addition at the end joins them. Tiles of 4 pixels x 2 vectors or 8 x 1.
#if defined(__aarch64__)
#include "int8_conv.h"

INLINE void tile(const rm_int8_tile *t, const int pixels, const int vectors) {
  int32x4_t low[8][2], high[8][2];
  const int32x4_t none = vdupq_n_s32(0);
  RM_INT8_UNROLL
  for (int v = 0; v < vectors; v++) {
    const int32x4_t bias = vld1q_s32(t->bias + 4 * v);
    RM_INT8_UNROLL
    for (int p = 0; p < pixels; p++) {
      low[p][v] = vzip1q_s32(bias, none);
      high[p][v] = vzip2q_s32(bias, none);
    }
  }
  const int8_t *w = t->weights;
  const uint8_t *const *segment = t->segments;
  const uint8x16_t centre = vdupq_n_u8(128);
  for (int32_t s = 0; s < t->segment_count; s++, segment += t->stride) {
    const ptrdiff_t end = 4 * (ptrdiff_t)t->groups;
    for (ptrdiff_t k = 0; k < end; k += 4, w += 16 * vectors) {
      RM_INT8_UNROLL
      for (int p = 0; p < pixels; p++) {
        uint32_t four;
        memcpy(&four, segment[p] + k, 4);
        const int8x16_t x = vreinterpretq_s8_u8(veorq_u8(vreinterpretq_u8_u32(vdupq_n_u32(four)), centre));
        RM_INT8_UNROLL
        for (int v = 0; v < vectors; v++) {
          const int8x16_t weights = vld1q_s8(w + 16 * v);
          low[p][v] = vpadalq_s16(low[p][v], vmull_s8(vget_low_s8(weights), vget_low_s8(x)));
          high[p][v] = vpadalq_s16(high[p][v], vmull_high_s8(weights, x));
        }
      }
    }
  }
  const rm_rule8 rule = rm_make_rule8(t->call->out_zero, t->call->low, t->call->high);
  RM_INT8_UNROLL
  for (int p = 0; p < pixels; p++) {
    int32x4_t sum[2];
    RM_INT8_UNROLL
    for (int v = 0; v < vectors; v++) sum[v] = vpaddq_s32(low[p][v], high[p][v]);
    if (p < t->pixels) rm_finish_pixel(t, sum, vectors, p, &rule);
  }
}

static void tile1(const rm_int8_tile *t) { tile(t, 8, 1); }
static void tile2(const rm_int8_tile *t) { tile(t, 4, 2); }

static const rm_int8_tiles tiles = {
    .lanes = 4, .most_vectors = 2, .centred = 1, .pixels = {0, 8, 4}, .run = {NULL, tile1, tile2}};

size_t rm_int8_conv_packed_bytes__neon(const rm_int8_conv_shape *shape) {
  return rm_int8_tiles_packed_bytes(&tiles, shape);
}

void rm_int8_conv_pack__neon(const rm_int8_conv_shape *shape, const rm_int8_conv_weights *from, void *packed) {
  rm_int8_tiles_pack(&tiles, shape, from, packed);
}

void rm_int8_conv__neon(const rm_int8_conv_call *call, ptrdiff_t row_begin, ptrdiff_t row_end) {
  rm_int8_tiles_run(&tiles, call, row_begin, row_end);
}
#endif
