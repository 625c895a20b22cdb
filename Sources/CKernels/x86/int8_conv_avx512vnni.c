// SPDX-License-Identifier: Apache-2.0
// Dense convolution with vpdpbusd on 512 bits: 16 output channels a vector, panels of up to four.
//
// Accumulators stay in registers over all terms: 6 pixels x 4 vectors, or 8 x 3, 8 x 2, 12 x 1, leaving room for
// the weights of one group and one broadcast pixel. Four accumulators at a time become 64 bytes: convert, scale,
// upper clamp in float (so that the conversion cannot overflow upwards), convert, pack with saturation, which
// is the lower clamp, and one permutation that undoes the packs' lane order. Channel tails use masked stores.
#if defined(__x86_64__)
#include <immintrin.h>

#include "../int8_tiles.h"

#define ISA __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")))
#define INLINE static inline __attribute__((always_inline))

typedef struct {
  __m512 limit;
  __m512i zero, low, order;
} rule512;

INLINE ISA __m512i scaled(__m512i accumulator, __m512 multiplier, __m512 limit) {
  return _mm512_cvtps_epi32(_mm512_min_ps(_mm512_mul_ps(_mm512_cvtepi32_ps(accumulator), multiplier), limit));
}

INLINE ISA __m512i requantize(const __m512i a[4], const __m512 m[4], const rule512 *r) {
  __m512i ab = _mm512_packs_epi32(scaled(a[0], m[0], r->limit), scaled(a[1], m[1], r->limit));
  __m512i cd = _mm512_packs_epi32(scaled(a[2], m[2], r->limit), scaled(a[3], m[3], r->limit));
  ab = _mm512_adds_epi16(ab, r->zero);
  cd = _mm512_adds_epi16(cd, r->zero);
  return _mm512_permutexvar_epi32(r->order, _mm512_max_epu8(_mm512_packus_epi16(ab, cd), r->low));
}

// COMBINE on 64 bytes.
static ISA __m512i joined(__m512i a, __m512i b, const rm_int8_combine *rule) {
  const __m512i none = _mm512_setzero_si512();
  const __m512i weights = _mm512_set1_epi32((int32_t)((uint32_t)rule->multiplier_b << 16 | (rule->multiplier_a & 0xffff)));
  const __m512i offset = _mm512_set1_epi32(rule->offset), zero = _mm512_set1_epi16((int16_t)rule->zero);
  const __m128i shift = _mm_cvtsi32_si128(rule->shift);
  const __m512i low = _mm512_unpacklo_epi8(a, b), high = _mm512_unpackhi_epi8(a, b);
  __m512i part[4] = {_mm512_unpacklo_epi8(low, none), _mm512_unpackhi_epi8(low, none),
                     _mm512_unpacklo_epi8(high, none), _mm512_unpackhi_epi8(high, none)};
  for (int i = 0; i < 4; i++)
    part[i] = _mm512_sra_epi32(_mm512_add_epi32(_mm512_madd_epi16(part[i], weights), offset), shift);
  const __m512i first = _mm512_adds_epi16(_mm512_packs_epi32(part[0], part[1]), zero);
  const __m512i second = _mm512_adds_epi16(_mm512_packs_epi32(part[2], part[3]), zero);
  const __m512i bytes = _mm512_packus_epi16(first, second);
  return _mm512_min_epu8(_mm512_max_epu8(bytes, _mm512_set1_epi8((char)rule->low)), _mm512_set1_epi8((char)rule->high));
}

// Stores the bytes of `vectors` vectors for each of 4 / vectors pixels (3 vectors: one pixel).
INLINE ISA void store(const rm_int8_tile *t, __m512i bytes, const int vectors, int pixel) {
  const int each = vectors == 3 ? 64 : 16 * vectors, count = vectors == 3 ? 1 : 4 / vectors;
  const rm_int8_conv_call *call = t->call;
  const __mmask64 mask = ~(__mmask64)0 >> (64 - t->channels);
  for (int i = 0; i < count; i++) {
    if (pixel + i >= t->pixels) return;
    __m512i part = bytes;
    if (each == 32 && i) part = _mm512_castsi256_si512(_mm512_extracti64x4_epi64(bytes, 1));
    if (each == 16 && i == 1) part = _mm512_castsi128_si512(_mm512_extracti32x4_epi32(bytes, 1));
    if (each == 16 && i == 2) part = _mm512_castsi128_si512(_mm512_extracti32x4_epi32(bytes, 2));
    if (each == 16 && i == 3) part = _mm512_castsi128_si512(_mm512_extracti32x4_epi32(bytes, 3));
    if (t->residual) {
      const uint8_t *residual = t->residual + (pixel + i) * call->residual_pixel;
      part = joined(part, _mm512_maskz_loadu_epi8(mask, residual), &call->join);
    }
    uint8_t *out = t->out + (pixel + i) * call->out_pixel;
    if (t->channels != 16 * vectors) {
      _mm512_mask_storeu_epi8(out, mask, part);
    } else if (vectors == 4) {
      _mm512_storeu_si512(out, part);
    } else if (vectors == 3) {
      _mm256_storeu_si256((__m256i *)out, _mm512_castsi512_si256(part));
      _mm_storeu_si128((__m128i *)(out + 32), _mm512_extracti32x4_epi32(part, 2));
    } else if (vectors == 2) {
      _mm256_storeu_si256((__m256i *)out, _mm512_castsi512_si256(part));
    } else {
      _mm_storeu_si128((__m128i *)out, _mm512_castsi512_si128(part));
    }
  }
}

INLINE ISA void tile(const rm_int8_tile *t, const int pixels, const int vectors) {
  __m512i sum[12][4];
#pragma unroll
  for (int v = 0; v < vectors; v++) {
    const __m512i bias = _mm512_loadu_si512(t->bias + 16 * v);
#pragma unroll
    for (int p = 0; p < pixels; p++) sum[p][v] = bias;
  }
  const __m512i *w = t->weights;
  const uint8_t *const *segment = t->segments;
  for (int32_t s = 0; s < t->segment_count; s++, segment += t->stride) {
    const uint8_t *x[12];
#pragma unroll
    for (int p = 0; p < pixels; p++) x[p] = segment[p];
    const ptrdiff_t end = 4 * (ptrdiff_t)t->groups;
    for (ptrdiff_t k = 0; k < end; k += 4, w += vectors) {
      __m512i weights[4];
#pragma unroll
      for (int v = 0; v < vectors; v++) weights[v] = _mm512_loadu_si512(w + v);
#pragma unroll
      for (int p = 0; p < pixels; p++) {
        int32_t four;
        memcpy(&four, x[p] + k, 4);
        const __m512i all = _mm512_set1_epi32(four);
#pragma unroll
        for (int v = 0; v < vectors; v++) sum[p][v] = _mm512_dpbusd_epi32(sum[p][v], all, weights[v]);
      }
    }
  }

  const rm_int8_conv_call *call = t->call;
  const rule512 rule = {
      _mm512_set1_ps((float)(call->high - call->out_zero)), _mm512_set1_epi16((int16_t)call->out_zero),
      _mm512_set1_epi8((char)call->low),
      _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15)};
  __m512 m[4];
#pragma unroll
  for (int v = 0; v < 4; v++) m[v] = _mm512_loadu_ps(t->multiplier + 16 * (vectors == 3 ? (v < 3 ? v : 0) : v % vectors));
  const int step = vectors == 3 ? 1 : 4 / vectors;
#pragma unroll
  for (int p = 0; p < pixels; p += step) {
    __m512i four[4];
#pragma unroll
    for (int v = 0; v < 4; v++) four[v] = vectors == 3 ? (v < 3 ? sum[p][v] : sum[p][0]) : sum[p + v / vectors][v % vectors];
    store(t, requantize(four, m, &rule), vectors, p);
  }
}

static ISA void tile1(const rm_int8_tile *t) { tile(t, 12, 1); }
static ISA void tile2(const rm_int8_tile *t) { tile(t, 8, 2); }
static ISA void tile3(const rm_int8_tile *t) { tile(t, 8, 3); }
static ISA void tile4(const rm_int8_tile *t) { tile(t, 6, 4); }

static const rm_int8_tiles tiles = {
    .lanes = 16, .most_vectors = 4, .pixels = {0, 12, 8, 8, 6}, .run = {NULL, tile1, tile2, tile3, tile4}};

typedef __m512i few_vec;
#define FEW_BYTES 64

INLINE ISA few_vec few_none(void) { return _mm512_setzero_si512(); }
INLINE ISA few_vec few_load(const uint8_t *at) { return _mm512_loadu_si512(at); }
INLINE ISA few_vec few_part(const uint8_t *at, int32_t terms) {
  return _mm512_maskz_loadu_epi32((__mmask16)((1u << terms / 4) - 1), at);
}
INLINE ISA few_vec few_dot(few_vec sum, few_vec x, few_vec w) { return _mm512_dpbusd_epi32(sum, x, w); }
INLINE ISA __m128i few_sums(const few_vec sum[4]) {
  __m256i half[4];
#pragma unroll
  for (int p = 0; p < 4; p++)
    half[p] = _mm256_add_epi32(_mm512_castsi512_si256(sum[p]), _mm512_extracti64x4_epi64(sum[p], 1));
  const __m256i ab = _mm256_hadd_epi32(half[0], half[1]), cd = _mm256_hadd_epi32(half[2], half[3]);
  const __m256i all = _mm256_hadd_epi32(ab, cd);
  return _mm_add_epi32(_mm256_castsi256_si128(all), _mm256_extracti128_si256(all, 1));
}

#include "int8_few.h"

size_t rm_int8_conv_packed_bytes__avx512vnni(const rm_int8_conv_shape *shape) {
  return rm_int8_tiles_packed_bytes(choose_tiles(&tiles, shape), shape);
}

void rm_int8_conv_pack__avx512vnni(const rm_int8_conv_shape *shape, const rm_int8_conv_weights *from, void *packed) {
  rm_int8_tiles_pack(choose_tiles(&tiles, shape), shape, from, packed);
}

void rm_int8_conv__avx512vnni(const rm_int8_conv_call *call, ptrdiff_t row_begin, ptrdiff_t row_end) {
  rm_int8_tiles_run(choose_tiles(&tiles, &call->shape), call, row_begin, row_end);
}
#endif
