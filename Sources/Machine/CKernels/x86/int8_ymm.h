// SPDX-License-Identifier: Apache-2.0
// The two rules of rm_int8.h on 256 bits. The including file defines ISA.
#pragma once

#include <immintrin.h>

#include "../int8.h"

#define INLINE static inline __attribute__((always_inline))

typedef struct {
  __m256 limit;
  __m256i zero, low;
} rm_rule32;

INLINE ISA rm_rule32 rm_make_rule32(int32_t zero, int32_t low, int32_t high) {
  return (rm_rule32){_mm256_set1_ps((float)(high - zero)), _mm256_set1_epi16((int16_t)zero),
                     _mm256_set1_epi8((char)low)};
}

// The upper clamp comes before the conversion, which would turn what is above int32 into its least value.
INLINE ISA __m256i rm_scale8(__m256i accumulator, __m256 multiplier, __m256 limit) {
  return _mm256_cvtps_epi32(_mm256_min_ps(_mm256_mul_ps(_mm256_cvtepi32_ps(accumulator), multiplier), limit));
}

// REQUANTIZE on four vectors a, b, c, d; each 128-bit half of the result holds four bytes of each, in order.
INLINE ISA __m256i rm_requantize32(const __m256i a[4], const __m256 m[4], const rm_rule32 *r) {
  __m256i ab = _mm256_packs_epi32(rm_scale8(a[0], m[0], r->limit), rm_scale8(a[1], m[1], r->limit));
  __m256i cd = _mm256_packs_epi32(rm_scale8(a[2], m[2], r->limit), rm_scale8(a[3], m[3], r->limit));
  ab = _mm256_adds_epi16(ab, r->zero);
  cd = _mm256_adds_epi16(cd, r->zero);
  return _mm256_max_epu8(_mm256_packus_epi16(ab, cd), r->low);
}

// COMBINE on 32 bytes.
INLINE ISA __m256i rm_combine32(__m256i a, __m256i b, const rm_int8_combine *rule) {
  const __m256i none = _mm256_setzero_si256();
  const __m256i weights =
      _mm256_set1_epi32((int32_t)((uint32_t)rule->multiplier_b << 16 | ((uint32_t)rule->multiplier_a & 0xffff)));
  const __m256i offset = _mm256_set1_epi32(rule->offset), zero = _mm256_set1_epi16((int16_t)rule->zero);
  const __m128i shift = _mm_cvtsi32_si128(rule->shift);
  const __m256i low = _mm256_unpacklo_epi8(a, b), high = _mm256_unpackhi_epi8(a, b);
  __m256i part[4] = {_mm256_unpacklo_epi8(low, none), _mm256_unpackhi_epi8(low, none),
                     _mm256_unpacklo_epi8(high, none), _mm256_unpackhi_epi8(high, none)};
#pragma unroll
  for (int i = 0; i < 4; i++)
    part[i] = _mm256_sra_epi32(_mm256_add_epi32(_mm256_madd_epi16(part[i], weights), offset), shift);
  const __m256i first = _mm256_adds_epi16(_mm256_packs_epi32(part[0], part[1]), zero);
  const __m256i second = _mm256_adds_epi16(_mm256_packs_epi32(part[2], part[3]), zero);
  const __m256i bytes = _mm256_packus_epi16(first, second);
  return _mm256_min_epu8(_mm256_max_epu8(bytes, _mm256_set1_epi8((char)rule->low)),
                         _mm256_set1_epi8((char)rule->high));
}

INLINE ISA __m256i rm_load32(const uint8_t *at) { return _mm256_loadu_si256((const __m256i *)at); }

// Writes the first `count` bytes, 32 at most.
INLINE ISA void rm_store32(uint8_t *out, __m256i bytes, ptrdiff_t count) {
  if (count >= 32) {
    _mm256_storeu_si256((__m256i *)out, bytes);
    return;
  }
  uint8_t all[32];
  _mm256_storeu_si256((__m256i *)all, bytes);
  ptrdiff_t done = 0;
  if (count & 16) _mm_storeu_si128((__m128i *)out, _mm256_castsi256_si128(bytes)), done = 16;
  if (count & 8) memcpy(out + done, all + done, 8), done += 8;
  for (; done < count; done++) out[done] = all[done];
}

// Multipliers for rm_requantize32 that are one and the same.
typedef struct {
  __m256 each[4];
} rm_multiplier32;

INLINE ISA rm_multiplier32 rm_same_multiplier32(float value) {
  const __m256 m = _mm256_set1_ps(value);
  return (rm_multiplier32){{m, m, m, m}};
}
