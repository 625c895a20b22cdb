// SPDX-License-Identifier: Apache-2.0
// Dense convolution by dot products of four terms. Included with ISA, NAME(x), CENTRED and
//   vec load16(const uint8_t *at)                          16 terms of a pixel
//   int32x4_t dot(int32x4_t sum, int8x16_t w, vec x, lane) adds the products of group `lane`
//
// Tiles of 4 pixels x 4 vectors, 6 x 3, 8 x 2 or 8 x 1: four groups of terms of every pixel are loaded at once and
// multiplied by lane, so that loads are a third of the instructions.
#include "int8_conv.h"

INLINE ISA void NAME(tile)(const rm_int8_tile *t, const int pixels, const int vectors) {
  int32x4_t sum[8][4];
  RM_INT8_UNROLL
  for (int v = 0; v < vectors; v++) {
    const int32x4_t bias = vld1q_s32(t->bias + 4 * v);
    RM_INT8_UNROLL
    for (int p = 0; p < pixels; p++) sum[p][v] = bias;
  }
  const int8_t *w = t->weights;
  const uint8_t *const *segment = t->segments;
  for (int32_t s = 0; s < t->segment_count; s++, segment += t->stride) {
    const ptrdiff_t end = 4 * (ptrdiff_t)t->groups;
    ptrdiff_t k = 0;
    for (; k + 16 <= end; k += 16) {
      vec x[8];
      RM_INT8_UNROLL
      for (int p = 0; p < pixels; p++) x[p] = NAME(load16)(segment[p] + k);
#define GROUP(lane)                                                                                         \
  RM_INT8_UNROLL for (int v = 0; v < vectors; v++, w += 16) {                                               \
    const int8x16_t weights = vld1q_s8(w);                                                                  \
    RM_INT8_UNROLL for (int p = 0; p < pixels; p++) sum[p][v] = DOT(sum[p][v], weights, x[p], lane);        \
  }
      GROUP(0)
      GROUP(1)
      GROUP(2)
      GROUP(3)
    }
    for (; k < end; k += 4) {
      vec x[8];
      RM_INT8_UNROLL
      for (int p = 0; p < pixels; p++) x[p] = NAME(load4)(segment[p] + k);
      GROUP(0)
#undef GROUP
    }
  }
  const rm_finish finish = rm_make_finish(t, vectors);
  RM_INT8_UNROLL
  for (int p = 0; p < pixels; p++)
    if (p < t->pixels) rm_finish_pixel(t, sum[p], vectors, p, &finish);
}

static ISA void NAME(tile1)(const rm_int8_tile *t) { NAME(tile)(t, 8, 1); }
static ISA void NAME(tile2)(const rm_int8_tile *t) { NAME(tile)(t, 8, 2); }
static ISA void NAME(tile3)(const rm_int8_tile *t) { NAME(tile)(t, 6, 3); }
static ISA void NAME(tile4)(const rm_int8_tile *t) { NAME(tile)(t, 4, 4); }

static const rm_int8_tiles NAME(tiles) = {
    .lanes = 4,
    .chunk = 1,
    .most_vectors = 4,
    .centred = CENTRED,
    .pixels = {0, 8, 8, 6, 4},
    .run = {NULL, NAME(tile1), NAME(tile2), NAME(tile3), NAME(tile4)}};

size_t NAME(rm_int8_conv_packed_bytes)(const rm_int8_conv_shape *shape) {
  return rm_int8_tiles_packed_bytes(&NAME(tiles), shape);
}

void NAME(rm_int8_conv_pack)(const rm_int8_conv_shape *shape, const rm_int8_conv_weights *from, void *packed) {
  rm_int8_tiles_pack(&NAME(tiles), shape, from, packed);
}

void NAME(rm_int8_conv)(const rm_int8_conv_call *call, ptrdiff_t row_begin, ptrdiff_t row_end) {
  rm_int8_tiles_run(&NAME(tiles), call, row_begin, row_end);
}
