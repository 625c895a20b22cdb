// SPDX-License-Identifier: Apache-2.0
// REQUANTIZE on 512 bits. The file that includes this defines ISA.
//
// Four vectors at a time become 64 bytes: convert, scale, upper clamp in float (so that the conversion cannot overflow
// upwards), convert, pack with saturation, which is the lower clamp. Where multipliers keep products inside 32 bits and
// all of 0...255 is allowed above a zero point of 0, as behind a Relu, the packs alone are the clamp.
#pragma once

#include <immintrin.h>
#include <stdint.h>

#define INLINE static inline __attribute__((always_inline))

typedef struct {
  __m512 limit;
  __m512i zero, low;
  int plain;  // packs are the clamp
} rule512;

// `bounded`: what is to be converted lies inside int32.
INLINE ISA rule512 make_rule512(int32_t zero, int32_t low, int32_t high, int bounded) {
  return (rule512){_mm512_set1_ps((float)(high - zero)), _mm512_set1_epi16((int16_t)zero), _mm512_set1_epi8((char)low),
                   bounded && zero == 0 && low == 0 && high == 255};
}

// Whether products of these multipliers and any int32 lie inside int32.
INLINE ISA int all_below_one(const __m512 m[4]) {
  const __m512 most = _mm512_max_ps(_mm512_max_ps(m[0], m[1]), _mm512_max_ps(m[2], m[3]));
  return _mm512_cmp_ps_mask(most, _mm512_set1_ps(1), _CMP_LT_OQ) == 0xffff;
}

// Each 128-bit part of the result holds four bytes of each vector, in order.
INLINE ISA __m512i stored512(const __m512 scaled[4], const rule512 *r) {
  __m512i whole[4];
  if (r->plain) {
#pragma unroll
    for (int v = 0; v < 4; v++) whole[v] = _mm512_cvtps_epi32(scaled[v]);
    return _mm512_packus_epi16(_mm512_packs_epi32(whole[0], whole[1]), _mm512_packs_epi32(whole[2], whole[3]));
  }
#pragma unroll
  for (int v = 0; v < 4; v++) whole[v] = _mm512_cvtps_epi32(_mm512_min_ps(scaled[v], r->limit));
  const __m512i ab = _mm512_adds_epi16(_mm512_packs_epi32(whole[0], whole[1]), r->zero);
  const __m512i cd = _mm512_adds_epi16(_mm512_packs_epi32(whole[2], whole[3]), r->zero);
  return _mm512_max_epu8(_mm512_packus_epi16(ab, cd), r->low);
}

INLINE ISA __m512i requantize512(const __m512i a[4], const __m512 m[4], const rule512 *r) {
  __m512 scaled[4];
#pragma unroll
  for (int v = 0; v < 4; v++) scaled[v] = _mm512_mul_ps(_mm512_cvtepi32_ps(a[v]), m[v]);
  return stored512(scaled, r);
}

// Undoes the order of the packs.
INLINE ISA __m512i in_order(__m512i bytes) {
  return _mm512_permutexvar_epi32(_mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15), bytes);
}
