// SPDX-License-Identifier: Apache-2.0
// Dense convolution on 256 bits: 8 output channels a vector. Included once for each instruction set, which
// defines ISA, WEIGHT_VECTORS (__m256i for one group of terms), MOST_VECTORS (in a panel, up to three) and
//   pixel spread(int32_t four)                           a pixel's four terms, in every lane
//   __m256i dot(__m256i sum, pixel x, const __m256i *w)  adds the products of one group
//
// Accumulators stay in registers over all terms: 4 pixels x 3 vectors, 6 x 2 or 8 x 1. Four accumulators at a time
// become 32 bytes as in the 512-bit form.
#include <immintrin.h>

#include "../int8_tiles.h"
#include "int8_ymm.h"

// Writes the first `count` of `bytes` (24 at most where vectors == 3).
INLINE ISA void store_bytes(uint8_t *out, __m256i bytes, int count, const int vectors) {
  const __m128i first = _mm256_castsi256_si128(bytes);
  if (count != 8 * vectors) {
    rm_store32(out, bytes, count);
  } else if (vectors == 1) {
    _mm_storel_epi64((__m128i *)out, first);
  } else {
    _mm_storeu_si128((__m128i *)out, first);
    if (vectors == 3) _mm_storel_epi64((__m128i *)(out + 16), _mm256_extracti128_si256(bytes, 1));
  }
}

INLINE ISA void store(const rm_int8_tile *t, __m256i bytes, const int vectors, int pixel) {
  const int count = vectors == 3 ? 1 : 4 / vectors;
  const rm_int8_conv_call *call = t->call;
  for (int i = 0; i < count; i++) {
    if (pixel + i >= t->pixels) return;
    __m256i part = bytes;
    if (vectors == 2 && i) part = _mm256_permute4x64_epi64(bytes, 0x4e);
    if (vectors == 1 && i == 1) part = _mm256_permute4x64_epi64(bytes, 1);
    if (vectors == 1 && i == 2) part = _mm256_permute4x64_epi64(bytes, 2);
    if (vectors == 1 && i == 3) part = _mm256_permute4x64_epi64(bytes, 3);
    if (t->residual) {
      const uint8_t *residual = t->residual + (pixel + i) * call->residual_pixel;
      part = rm_combine32(part, _mm256_loadu_si256((const __m256i *)residual), &call->join);
    }
    store_bytes(t->out + (pixel + i) * call->out_pixel, part, t->channels, vectors);
  }
}

INLINE ISA void tile(const rm_int8_tile *t, const int pixels, const int vectors) {
  __m256i sum[8][3];
#pragma unroll
  for (int v = 0; v < vectors; v++) {
    const __m256i bias = _mm256_loadu_si256((const __m256i *)t->bias + v);
#pragma unroll
    for (int p = 0; p < pixels; p++) sum[p][v] = bias;
  }
  const __m256i *w = t->weights;
  const uint8_t *const *segment = t->segments;
  for (int32_t s = 0; s < t->segment_count; s++, segment += t->stride) {
    const uint8_t *x[8];
#pragma unroll
    for (int p = 0; p < pixels; p++) x[p] = segment[p];
    const ptrdiff_t end = 4 * (ptrdiff_t)t->groups;
    for (ptrdiff_t k = 0; k < end; k += 4, w += vectors * WEIGHT_VECTORS) {
#pragma unroll
      for (int p = 0; p < pixels; p++) {
        int32_t four;
        memcpy(&four, x[p] + k, 4);
        const pixel all = spread(four);
#pragma unroll
        for (int v = 0; v < vectors; v++) sum[p][v] = dot(sum[p][v], all, w + v * WEIGHT_VECTORS);
      }
    }
  }

  const rm_int8_conv_call *call = t->call;
  const rm_rule32 rule = rm_make_rule32(call->out_zero, call->low, call->high);
  __m256 m[4];
#pragma unroll
  for (int v = 0; v < 4; v++)
    m[v] = _mm256_loadu_ps(t->multiplier + 8 * (vectors == 3 ? (v < 3 ? v : 0) : v % vectors));
  const int step = vectors == 3 ? 1 : 4 / vectors;
#pragma unroll
  for (int p = 0; p < pixels; p += step) {
    __m256i four[4];
#pragma unroll
    for (int v = 0; v < 4; v++)
      four[v] = vectors == 3 ? (v < 3 ? sum[p][v] : sum[p][0]) : sum[p + v / vectors][v % vectors];
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    store(t, _mm256_permutevar8x32_epi32(rm_requantize32(four, m, &rule), order), vectors, p);
  }
}

static ISA void tile1(const rm_int8_tile *t) { tile(t, 8, 1); }
static ISA void tile2(const rm_int8_tile *t) { tile(t, 6, 2); }
static ISA void tile3(const rm_int8_tile *t) { tile(t, 4, 3); }

static const rm_int8_tiles tiles = {.lanes = 8,
                                    .chunk = 1,
                                    .most_vectors = MOST_VECTORS,
                                    .wide = WEIGHT_VECTORS == 2,
                                    .pixels = {0, 8, 6, 4},
                                    .run = {NULL, tile1, tile2, tile3}};
