// SPDX-License-Identifier: Apache-2.0
// From accumulators to stored bytes on 512 bits, for the products of int8_tiles.h. The file that includes this defines
// ISA.
#pragma once

#include "../int8_tiles.h"
#include "int8_rule_avx512.h"

INLINE ISA rule512 make_conv_rule(const rm_int8_conv_call *call, const __m512 m[4]) {
  return make_rule512(call->out_zero, call->low, call->high, all_below_one(m));
}

INLINE ISA __m512i requantize(const __m512i a[4], const __m512 m[4], const rule512 *r) {
  return in_order(requantize512(a, m, r));
}

// COMBINE on 64 bytes.
typedef struct {
  __m512i weights, offset, zero, low, high;
  __m128i shift;
} joint512;

INLINE ISA joint512 make_joint(const rm_int8_combine *rule) {
  return (joint512){
      _mm512_set1_epi32((int32_t)((uint32_t)rule->multiplier_b << 16 | (rule->multiplier_a & 0xffff))),
      _mm512_set1_epi32(rule->offset), _mm512_set1_epi16((int16_t)rule->zero), _mm512_set1_epi8((char)rule->low),
      _mm512_set1_epi8((char)rule->high), _mm_cvtsi32_si128(rule->shift)};
}

INLINE ISA __m512i joined(__m512i a, __m512i b, const joint512 *r) {
  const __m512i none = _mm512_setzero_si512();
  const __m512i low = _mm512_unpacklo_epi8(a, b), high = _mm512_unpackhi_epi8(a, b);
  __m512i part[4] = {_mm512_unpacklo_epi8(low, none), _mm512_unpackhi_epi8(low, none),
                     _mm512_unpacklo_epi8(high, none), _mm512_unpackhi_epi8(high, none)};
#pragma unroll
  for (int i = 0; i < 4; i++) part[i] = _mm512_sra_epi32(_mm512_dpwssd_epi32(r->offset, part[i], r->weights), r->shift);
  const __m512i first = _mm512_adds_epi16(_mm512_packs_epi32(part[0], part[1]), r->zero);
  const __m512i second = _mm512_adds_epi16(_mm512_packs_epi32(part[2], part[3]), r->zero);
  return _mm512_min_epu8(_mm512_max_epu8(_mm512_packus_epi16(first, second), r->low), r->high);
}

// Part `i` of the parts of `each` bytes that a vector holds.
INLINE ISA __m512i part_of(__m512i bytes, const int each, const int i) {
  if (each == 32 && i == 1) return _mm512_castsi256_si512(_mm512_extracti64x4_epi64(bytes, 1));
  if (each == 16 && i == 1) return _mm512_castsi128_si512(_mm512_extracti32x4_epi32(bytes, 1));
  if (each == 16 && i == 2) return _mm512_castsi128_si512(_mm512_extracti32x4_epi32(bytes, 2));
  if (each == 16 && i == 3) return _mm512_castsi128_si512(_mm512_extracti32x4_epi32(bytes, 3));
  return bytes;
}

INLINE ISA __m512i with_part(__m512i bytes, __m512i part, const int each, const int i) {
  if (each == 32 && i == 1) return _mm512_inserti64x4(bytes, _mm512_castsi512_si256(part), 1);
  if (each == 16 && i == 1) return _mm512_inserti32x4(bytes, _mm512_castsi512_si128(part), 1);
  if (each == 16 && i == 2) return _mm512_inserti32x4(bytes, _mm512_castsi512_si128(part), 2);
  if (each == 16 && i == 3) return _mm512_inserti32x4(bytes, _mm512_castsi512_si128(part), 3);
  return part;
}

// Where results go: the tile's fields, in registers although stores of bytes might change any memory.
typedef struct {
  uint8_t *out;
  const uint8_t *residual;
  ptrdiff_t out_pixel, residual_pixel;
  int pixels, channels;
  joint512 joint;  // where there is a residual
} sink512;

INLINE ISA sink512 make_sink(const rm_int8_tile *t) {
  sink512 s = {t->out, t->residual, t->call->out_pixel, t->call->residual_pixel, t->pixels, t->channels, {0}};
  if (s.residual) s.joint = make_joint(&t->call->join);
  return s;
}

// Stores the bytes of `vectors` vectors for each of 4 / vectors pixels (3 vectors: one pixel), after the residual.
INLINE ISA void store(const sink512 *s, __m512i bytes, const int vectors, int pixel) {
  const int each = vectors == 3 ? 64 : 16 * vectors, count = vectors == 3 ? 1 : 4 / vectors;
  const __mmask64 mask = ~(__mmask64)0 >> (64 - s->channels);
  const int rest = s->pixels - pixel;
  if (s->residual) {
    const uint8_t *residual = s->residual + pixel * s->residual_pixel;
    __m512i other = _mm512_setzero_si512();
#pragma unroll
    for (int i = 0; i < count; i++)
      if (i < rest) other = with_part(other, _mm512_maskz_loadu_epi8(mask, residual + i * s->residual_pixel), each, i);
    bytes = joined(bytes, other, &s->joint);
  }
  uint8_t *out = s->out + pixel * s->out_pixel;
#pragma unroll
  for (int i = 0; i < count; i++, out += s->out_pixel) {
    if (i >= rest) return;
    const __m512i part = part_of(bytes, each, i);
    if (s->channels != 16 * vectors) {
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
