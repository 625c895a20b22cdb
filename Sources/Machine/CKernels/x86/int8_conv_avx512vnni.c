// SPDX-License-Identifier: Apache-2.0
// Dense convolution with vpdpbusd on 512 bits: 16 output channels a vector, panels of up to four.
//
// Accumulators stay in registers over all terms: 6 pixels x 4 vectors, or 8 x 3, 8 x 2, 12 x 1, leaving room for
// the weights of one group and one broadcast pixel.
#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")))
#include "../macros.h"

#include "int8_store_avx512.inc"

INLINE void tile(const rm_int8_tile *t, const int pixels, const int vectors) {
  __m512i sum[12][4];
UNROLL
  for (int v = 0; v < vectors; v++) {
    const __m512i bias = _mm512_loadu_si512(t->bias + 16 * v);
UNROLL
    for (int p = 0; p < pixels; p++) sum[p][v] = bias;
  }
  const __m512i *w = t->weights;
  const uint8_t *const *segment = t->segments;
  for (int32_t s = 0; s < t->segment_count; s++, segment += t->stride) {
    const uint8_t *x[12];
UNROLL
    for (int p = 0; p < pixels; p++) x[p] = segment[p];
    const ptrdiff_t end = 4 * (ptrdiff_t)t->groups;
    for (ptrdiff_t k = 0; k < end; k += 4, w += vectors) {
      __m512i weights[4];
UNROLL
      for (int v = 0; v < vectors; v++) weights[v] = _mm512_loadu_si512(w + v);
UNROLL
      for (int p = 0; p < pixels; p++) {
        int32_t four;
        memcpy(&four, x[p] + k, 4);
        const __m512i all = _mm512_set1_epi32(four);
UNROLL
        for (int v = 0; v < vectors; v++) sum[p][v] = _mm512_dpbusd_epi32(sum[p][v], all, weights[v]);
      }
    }
  }

  const sink512 sink = make_sink(t);
  __m512 m[4];
UNROLL
  for (int v = 0; v < 4; v++)
    m[v] = _mm512_loadu_ps(t->multiplier + 16 * (vectors == 3 ? (v < 3 ? v : 0) : v % vectors));
  const rule512 rule = make_conv_rule(t->call, m);
  const int step = vectors == 3 ? 1 : 4 / vectors;
UNROLL
  for (int p = 0; p < pixels; p += step) {
    __m512i four[4];
UNROLL
    for (int v = 0; v < 4; v++)
      four[v] = vectors == 3 ? (v < 3 ? sum[p][v] : sum[p][0]) : sum[p + v / vectors][v % vectors];
    store(&sink, requantize(four, m, &rule), vectors, p);
  }
}

static TARGET void tile1(const rm_int8_tile *t) { tile(t, 12, 1); }
static TARGET void tile2(const rm_int8_tile *t) { tile(t, 8, 2); }
static TARGET void tile3(const rm_int8_tile *t) { tile(t, 8, 3); }
static TARGET void tile4(const rm_int8_tile *t) { tile(t, 6, 4); }

static const rm_int8_tiles tiles = {
    .lanes = 16, .chunk = 1, .most_vectors = 4, .pixels = {0, 12, 8, 8, 6}, .run = {NULL, tile1, tile2, tile3, tile4}};

typedef __m512i few_vec;
#define FEW_BYTES 64

INLINE few_vec few_none(void) { return _mm512_setzero_si512(); }
INLINE few_vec few_load(const uint8_t *at) { return _mm512_loadu_si512(at); }
INLINE few_vec few_part(const uint8_t *at, int32_t terms) {
  return _mm512_maskz_loadu_epi32((__mmask16)((1u << terms / 4) - 1), at);
}
INLINE few_vec few_dot(few_vec sum, few_vec x, few_vec w) { return _mm512_dpbusd_epi32(sum, x, w); }
INLINE __m128i few_sums(const few_vec sum[4]) {
  __m256i half[4];
UNROLL
  for (int p = 0; p < 4; p++)
    half[p] = _mm256_add_epi32(_mm512_castsi512_si256(sum[p]), _mm512_extracti64x4_epi64(sum[p], 1));
  const __m256i ab = _mm256_hadd_epi32(half[0], half[1]), cd = _mm256_hadd_epi32(half[2], half[3]);
  const __m256i all = _mm256_hadd_epi32(ab, cd);
  return _mm_add_epi32(_mm256_castsi256_si128(all), _mm256_extracti128_si256(all, 1));
}

#include "int8_few.inc"

size_t rm_int8_conv_packed_bytes__avx512vnni(const rm_int8_conv_shape *shape) {
  return rm_int8_tiles_packed_bytes(choose_tiles(&tiles, shape), shape);
}

void rm_int8_conv_pack__avx512vnni(const rm_int8_conv_shape *shape, const rm_int8_conv_weights *from, void *packed) {
  rm_int8_tiles_pack(choose_tiles(&tiles, shape), shape, from, packed);
}

void rm_int8_conv__avx512vnni(const rm_int8_conv_call *call, ptrdiff_t row_begin, ptrdiff_t row_end) {
  rm_int8_conv_expect(call, row_begin, row_end);
  rm_int8_tiles_run(choose_tiles(&tiles, &call->shape), call, row_begin, row_end);
}
#endif
