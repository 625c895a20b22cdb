// SPDX-License-Identifier: Apache-2.0
// usmmla multiplies two pixels by two channels, eight terms each, and takes activations as they are. Weights lie as for
// the dot products, four channels of four terms in a vector: two of them interleave to two pairs of channels of eight
// terms. Tiles of 8 pixels x 1 or 2 vectors.
#if defined(__aarch64__)
#define TARGET __attribute__((target("arch=armv8.2-a+dotprod+i8mm")))
#include "int8_conv.inc"

enum { PAIRS = 4 };

// [pixel pair][channel pair]: both channels of the first pixel, then of the second.
typedef struct {
  int32x4_t at[PAIRS][4];
} sums;

INLINE int8x16_t pairs(int32x4_t interleaved) { return vreinterpretq_s8_s32(interleaved); }

// Adds the products of eight terms; the second four meet zeros where `alone`.
INLINE void step(sums *sum, const uint8_t *const *pixels, ptrdiff_t k, const int32_t *w, const int vectors,
                     const int alone) {
  int8x16_t weights[4];
  UNROLL
  for (int v = 0; v < vectors; v++) {
    const int32x4_t first = vld1q_s32(w + 4 * v);
    const int32x4_t second = alone ? vdupq_n_s32(0) : vld1q_s32(w + 4 * (vectors + v));
    weights[2 * v] = pairs(vzip1q_s32(first, second));
    weights[2 * v + 1] = pairs(vzip2q_s32(first, second));
  }
  UNROLL
  for (int p = 0; p < PAIRS; p++) {
    const uint8x16_t x = vcombine_u8(vld1_u8(pixels[2 * p] + k), vld1_u8(pixels[2 * p + 1] + k));
    UNROLL
    for (int c = 0; c < 2 * vectors; c++) sum->at[p][c] = vusmmlaq_s32(sum->at[p][c], x, weights[c]);
  }
}

INLINE void tile(const rm_int8_tile *t, const int vectors) {
  sums sum;
  UNROLL
  for (int v = 0; v < vectors; v++) {
    const int32x4_t bias = vld1q_s32(t->bias + 4 * v);
    UNROLL
    for (int p = 0; p < PAIRS; p++) {
      sum.at[p][2 * v] = vcombine_s32(vget_low_s32(bias), vget_low_s32(bias));
      sum.at[p][2 * v + 1] = vcombine_s32(vget_high_s32(bias), vget_high_s32(bias));
    }
  }
  const int32_t *w = t->weights;
  const uint8_t *const *segment = t->segments;
  for (int32_t s = 0; s < t->segment_count; s++, segment += t->stride) {
    const ptrdiff_t end = 4 * (ptrdiff_t)t->groups;
    ptrdiff_t k = 0;
    for (; k + 8 <= end; k += 8, w += 8 * vectors) step(&sum, segment, k, w, vectors, 0);
    if (k < end) step(&sum, segment, k, w, vectors, 1), w += 4 * vectors;
  }
  const rm_finish finish = rm_make_finish(t, vectors);
  UNROLL
  for (int p = 0; p < PAIRS; p++) {
    int32x4_t first[2], second[2];
    UNROLL
    for (int v = 0; v < vectors; v++) {
      const int64x2_t low = vreinterpretq_s64_s32(sum.at[p][2 * v]), high = vreinterpretq_s64_s32(sum.at[p][2 * v + 1]);
      first[v] = vreinterpretq_s32_s64(vzip1q_s64(low, high));
      second[v] = vreinterpretq_s32_s64(vzip2q_s64(low, high));
    }
    if (2 * p < t->pixels) rm_finish_pixel(t, first, vectors, 2 * p, &finish);
    if (2 * p + 1 < t->pixels) rm_finish_pixel(t, second, vectors, 2 * p + 1, &finish);
  }
}

static TARGET void tile1(const rm_int8_tile *t) { tile(t, 1); }
static TARGET void tile2(const rm_int8_tile *t) { tile(t, 2); }

static const rm_int8_tiles tiles = {.lanes = 4,
                                    .chunk = 1,
                                    .most_vectors = 2,
                                    .pixels = {0, 2 * PAIRS, 2 * PAIRS},
                                    .run = {NULL, tile1, tile2}};

size_t rm_int8_conv_packed_bytes__i8mm(const rm_int8_conv_shape *shape) {
  return rm_int8_tiles_packed_bytes(&tiles, shape);
}

void rm_int8_conv_pack__i8mm(const rm_int8_conv_shape *shape, const rm_int8_conv_weights *from, void *packed) {
  rm_int8_tiles_pack(&tiles, shape, from, packed);
}

void rm_int8_conv__i8mm(const rm_int8_conv_call *call, ptrdiff_t row_begin, ptrdiff_t row_end) {
  rm_int8_conv_expect(call, row_begin, row_end);
  rm_int8_tiles_run(&tiles, call, row_begin, row_end);
}
#endif
