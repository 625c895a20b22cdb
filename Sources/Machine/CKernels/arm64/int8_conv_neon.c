// SPDX-License-Identifier: Apache-2.0
// Without a dot-product instruction: activations less 128 fit s8, and smull gives their products with weights in s16.
// Where no weight is -128, smlal adds the product of a second group of terms, as 2 * 128 * 127 fits too. sadalp adds
// neighbours into s32. An accumulator holds two partial sums for each of two channels; one pairwise addition at the end
// joins them. Tiles of 4 pixels x 2 vectors or 8 x 1.
//
// Packed: 1 where a weight is -128, in 64 bytes, then the tiles.
#if defined(__aarch64__)
#define TARGET
#include "int8_conv.inc"

enum { HEADER = 64 };

typedef struct {
  int32x4_t low[8][2], high[8][2];
} sums;

// Adds the products of the four terms at k, or of those and the four behind them.
INLINE void step(sums *sum, const uint8_t *const *segment, ptrdiff_t k, const int8_t *w, const int pixels,
                 const int vectors, const int both) {
  const uint8x8_t centre = vdup_n_u8(128);
  UNROLL
  for (int p = 0; p < pixels; p++) {
    const uint32x2_t eight = vreinterpret_u32_u8(veor_u8(vld1_u8(segment[p] + k), centre));
    const int8x16_t x = vreinterpretq_s8_u32(vdupq_lane_u32(eight, 0));
    UNROLL
    for (int v = 0; v < vectors; v++) {
      const int8x16_t first = vld1q_s8(w + 16 * v);
      int16x8_t low = vmull_s8(vget_low_s8(first), vget_low_s8(x)), high = vmull_high_s8(first, x);
      if (both) {
        const int8x16_t second = vld1q_s8(w + 16 * (vectors + v)), y = vreinterpretq_s8_u32(vdupq_lane_u32(eight, 1));
        low = vmlal_s8(low, vget_low_s8(second), vget_low_s8(y));
        high = vmlal_high_s8(high, second, y);
      }
      sum->low[p][v] = vpadalq_s16(sum->low[p][v], low);
      sum->high[p][v] = vpadalq_s16(sum->high[p][v], high);
    }
  }
}

INLINE void tile(const rm_int8_tile *t, const int pixels, const int vectors, const int pairs) {
  sums sum;
  const int32x4_t none = vdupq_n_s32(0);
  UNROLL
  for (int v = 0; v < vectors; v++) {
    const int32x4_t bias = vld1q_s32(t->bias + 4 * v);
    UNROLL
    for (int p = 0; p < pixels; p++) {
      sum.low[p][v] = vzip1q_s32(bias, none);
      sum.high[p][v] = vzip2q_s32(bias, none);
    }
  }
  const int8_t *w = t->weights;
  const uint8_t *const *segment = t->segments;
  for (int32_t s = 0; s < t->segment_count; s++, segment += t->stride) {
    const ptrdiff_t end = 4 * (ptrdiff_t)t->groups;
    ptrdiff_t k = 0;
    for (; pairs && k + 8 <= end; k += 8, w += 32 * vectors) step(&sum, segment, k, w, pixels, vectors, 1);
    for (; k < end; k += 4, w += 16 * vectors) step(&sum, segment, k, w, pixels, vectors, 0);
  }
  const rm_finish finish = rm_make_finish(t, vectors);
  UNROLL
  for (int p = 0; p < pixels; p++) {
    int32x4_t joined[2];
    UNROLL
    for (int v = 0; v < vectors; v++) joined[v] = vpaddq_s32(sum.low[p][v], sum.high[p][v]);
    if (p < t->pixels) rm_finish_pixel(t, joined, vectors, p, &finish);
  }
}

static void single1(const rm_int8_tile *t) { tile(t, 8, 1, 0); }
static void single2(const rm_int8_tile *t) { tile(t, 4, 2, 0); }
static void pairs1(const rm_int8_tile *t) { tile(t, 8, 1, 1); }
static void pairs2(const rm_int8_tile *t) { tile(t, 4, 2, 1); }

static const rm_int8_tiles pairs = {
    .lanes = 4, .chunk = 1, .most_vectors = 2, .centred = 1, .pixels = {0, 8, 4}, .run = {NULL, pairs1, pairs2}};
static const rm_int8_tiles singles = {
    .lanes = 4, .chunk = 1, .most_vectors = 2, .centred = 1, .pixels = {0, 8, 4}, .run = {NULL, single1, single2}};

size_t rm_int8_conv_packed_bytes__neon(const rm_int8_conv_shape *shape) {
  return HEADER + rm_int8_tiles_packed_bytes(&pairs, shape);
}

void rm_int8_conv_pack__neon(const rm_int8_conv_shape *s, const rm_int8_conv_weights *from, void *packed) {
  const size_t count =
      (size_t)s->out_channels * (size_t)s->kernel_rows * (size_t)s->kernel_columns * (size_t)s->in_channels;
  uint8_t some_lowest = 0;
  for (size_t i = 0; i < count; i++) some_lowest |= from->weights[i] == -128;
  memset(packed, some_lowest, HEADER);
  rm_int8_tiles_pack(&pairs, s, from, (uint8_t *)packed + HEADER);
}

void rm_int8_conv__neon(const rm_int8_conv_call *call, ptrdiff_t row_begin, ptrdiff_t row_end) {
  rm_int8_conv_expect(call, row_begin, row_end);
  const uint8_t *packed = call->packed;
  rm_int8_conv_call inner = *call;
  inner.packed = packed + HEADER;
  rm_int8_tiles_run(packed[0] ? &singles : &pairs, &inner, row_begin, row_end);
}
#endif
