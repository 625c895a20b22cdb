// SPDX-License-Identifier: Apache-2.0
// Local cross-attention: the scores of a cell's four pixels together, then 32 channels of the mixture at a time.
// Weights sum to 256, so the sums of 256 * 255 and a half stay within u16.
#if defined(__x86_64__)
#define ISA __attribute__((target("avx2,fma")))
#include "int8_ymm.h"

// Deeper queries take the scalar kernel: 16 s16 registers would not hold four of them.
enum { DEPTH = 32 };

INLINE ISA __m256i signed16(const uint8_t *p, __m256i zero) {
  return _mm256_sub_epi16(_mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)p)), zero);
}

// steps[r * 4 + sub]
INLINE ISA void attention_steps(const rm_int8_attention_call *call, const uint8_t *const query[4], const ptrdiff_t *at,
                                int32_t *steps) {
  const int32_t cells = call->region * call->region;
  const __m256i query_zero = _mm256_set1_epi16((int16_t)call->query_zero);
  const __m256i key_zero = _mm256_set1_epi16((int16_t)call->key_zero);
  const __m128 multiplier = _mm_set1_ps(call->multiplier);
  __m256i low[4], high[4];
  for (int sub = 0; sub < 4; sub++) {
    low[sub] = signed16(query[sub], query_zero);
    high[sub] = signed16(query[sub] + 16, query_zero);
  }
  for (int32_t r = 0; r < cells; r++) {
    __m128i score = _mm_setzero_si128();
    if (at[r] >= 0) {
      const uint8_t *key = call->key + at[r] * call->key_pixel;
      const __m256i key_low = signed16(key, key_zero), key_high = signed16(key + 16, key_zero);
      __m256i sums[4];
      for (int sub = 0; sub < 4; sub++)
        sums[sub] = _mm256_add_epi32(_mm256_madd_epi16(low[sub], key_low), _mm256_madd_epi16(high[sub], key_high));
      const __m256i all =
          _mm256_hadd_epi32(_mm256_hadd_epi32(sums[0], sums[1]), _mm256_hadd_epi32(sums[2], sums[3]));
      score = _mm_add_epi32(_mm256_castsi256_si128(all), _mm256_extracti128_si256(all, 1));
    }
    const __m128i rounded = _mm_cvtps_epi32(_mm_mul_ps(_mm_cvtepi32_ps(score), multiplier));
    const int32_t *bias = call->bias + r;
    const __m128i more = _mm_setr_epi32(bias[0], bias[cells], bias[2 * cells], bias[3 * cells]);
    _mm_storeu_si128((__m128i *)(steps + r * 4), _mm_add_epi32(rounded, more));
  }
}

INLINE ISA void attention_mix(const rm_int8_attention_call *call, const ptrdiff_t *at, const uint16_t *weights,
                              uint8_t *out) {
  const int32_t cells = call->region * call->region;
  const __m256i none = _mm256_setzero_si256(), outside = _mm256_set1_epi8((char)call->value_zero);
  for (int32_t c = 0; c < call->channels; c += 32) {
    __m256i low = _mm256_set1_epi16(128), high = low;
    for (int32_t r = 0; r < cells; r++) {
      const __m256i weight = _mm256_set1_epi16((int16_t)weights[r]);
      const __m256i value = at[r] < 0 ? outside : rm_load32(call->value + at[r] * call->value_pixel + c);
      low = _mm256_add_epi16(low, _mm256_mullo_epi16(_mm256_unpacklo_epi8(value, none), weight));
      high = _mm256_add_epi16(high, _mm256_mullo_epi16(_mm256_unpackhi_epi8(value, none), weight));
    }
    const __m256i bytes = _mm256_packus_epi16(_mm256_srli_epi16(low, 8), _mm256_srli_epi16(high, 8));
    rm_store32(out + c, bytes, call->channels - c);
  }
}

ISA void rm_int8_attention__avx2(const rm_int8_attention_call *call, ptrdiff_t row_begin, ptrdiff_t row_end) {
  if (call->depth != DEPTH) {
    rm_int8_attention__scalar(call, row_begin, row_end);
    return;
  }
  const int32_t reach = call->region / 2, cells = call->region * call->region;
  const ptrdiff_t wide = (ptrdiff_t)call->columns * 2;
  for (int32_t row = (int32_t)row_begin; row < row_end; row++) {
    for (int32_t column = 0; column < call->columns; column++) {
      ptrdiff_t at[RM_INT8_ATTENTION_CELLS];
      for (int32_t r = 0; r < cells; r++) {
        const int32_t y = row + r / call->region - reach, x = column + r % call->region - reach;
        const int beyond = y < 0 || y >= call->rows || x < 0 || x >= call->columns;
        at[r] = beyond ? -1 : (ptrdiff_t)y * call->columns + x;
      }
      const ptrdiff_t first = row * 2 * wide + column * 2;
      const ptrdiff_t pixels[4] = {first, first + 1, first + wide, first + wide + 1};
      const uint8_t *query[4];
      for (int sub = 0; sub < 4; sub++) query[sub] = call->query + pixels[sub] * call->query_pixel;
      int32_t steps[RM_INT8_ATTENTION_CELLS * 4];
      attention_steps(call, query, at, steps);
      for (int sub = 0; sub < 4; sub++) {
        uint16_t weights[RM_INT8_ATTENTION_CELLS];
        rm_int8_weigh_steps(steps + sub, cells, 4, call->table, weights);
        attention_mix(call, at, weights, call->out + pixels[sub] * call->out_pixel);
      }
    }
  }
}
#endif
