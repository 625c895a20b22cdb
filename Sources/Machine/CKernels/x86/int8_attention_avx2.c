// SPDX-License-Identifier: Apache-2.0
// Local: the mixture takes 32 channels at a time. Weights sum to 256, so sums of 256 * 255 and a half fit 16 bits.
#if defined(__x86_64__)
#define TARGET __attribute__((target("avx2,fma")))
#include "../macros.h"
#include "int8_ymm.inc"

// Deeper queries would not fit four to the 16 registers.
#define LOCAL_DEPTH 32
#define DEPTH_STEP 16
#include "../vector/int8_attention.inc"

INLINE __m256i signed16(const uint8_t *p, __m256i zero) {
  return _mm256_sub_epi16(_mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)p)), zero);
}

TARGET static void local_steps(const rm_int8_local_attention_call *call, const uint8_t *const query[4],
                            const ptrdiff_t *cells, int32_t *steps) {
  const int32_t count = call->region * call->region;
  const __m256i query_zero = _mm256_set1_epi16((int16_t)call->query_zero);
  const __m256i key_zero = _mm256_set1_epi16((int16_t)call->key_zero);
  const __m128 multiplier = _mm_set1_ps(call->multiplier);
  __m256i low[4], high[4];
  for (int sub = 0; sub < 4; sub++) {
    low[sub] = signed16(query[sub], query_zero);
    high[sub] = signed16(query[sub] + 16, query_zero);
  }
  for (int32_t r = 0; r < count; r++) {
    __m128i score = _mm_setzero_si128();
    if (cells[r] >= 0) {
      const uint8_t *key = call->key + cells[r] * call->key_pixel;
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
    const __m128i more = _mm_setr_epi32(bias[0], bias[count], bias[2 * count], bias[3 * count]);
    _mm_storeu_si128((__m128i *)(steps + r * 4), _mm_add_epi32(rounded, more));
  }
}

// A quotient of such numbers in double precision is never rounded up to a whole one.
TARGET static void local_weights(const rm_int8_local_attention_call *call, int32_t count, int32_t *steps) {
  __m128i largest = _mm_loadu_si128((const __m128i *)steps);
  for (int32_t r = 1; r < count; r++)
    largest = _mm_max_epi32(largest, _mm_loadu_si128((const __m128i *)(steps + r * 4)));
  __m128i first = _mm_setzero_si128(), sum = first, given = first;
  for (int32_t r = count - 1; r >= 0; r--) {
    const __m128i step = _mm_loadu_si128((const __m128i *)(steps + r * 4));
    first = _mm_blendv_epi8(first, _mm_set1_epi32(r), _mm_cmpeq_epi32(step, largest));
    const __m128i below = _mm_min_epu32(_mm_sub_epi32(largest, step), _mm_set1_epi32(255));
    const __m128i e = _mm_setr_epi32(call->table[_mm_extract_epi32(below, 0)], call->table[_mm_extract_epi32(below, 1)],
                                     call->table[_mm_extract_epi32(below, 2)],
                                     call->table[_mm_extract_epi32(below, 3)]);
    _mm_storeu_si128((__m128i *)(steps + r * 4), e);
    sum = _mm_add_epi32(sum, e);
  }
  const __m256d share = _mm256_cvtepi32_pd(sum);
  for (int32_t r = 0; r < count; r++) {
    const __m128i e = _mm_slli_epi32(_mm_loadu_si128((const __m128i *)(steps + r * 4)), 8);
    const __m128i weight = _mm256_cvttpd_epi32(_mm256_div_pd(_mm256_cvtepi32_pd(e), share));
    _mm_storeu_si128((__m128i *)(steps + r * 4), weight);
    given = _mm_add_epi32(given, weight);
  }
  int32_t at[4], rest[4];
  _mm_storeu_si128((__m128i *)at, first);
  _mm_storeu_si128((__m128i *)rest, _mm_sub_epi32(_mm_set1_epi32(256), given));
  for (int sub = 0; sub < 4; sub++) steps[at[sub] * 4 + sub] += rest[sub];
}

TARGET static void local_mix(const rm_int8_local_attention_call *call, const ptrdiff_t *cells, const int32_t *weights,
                          uint8_t *const out[4]) {
  const int32_t count = call->region * call->region;
  const __m256i none = _mm256_setzero_si256(), outside = _mm256_set1_epi8((char)call->value_zero);
  for (int32_t c = 0; c < call->channels; c += 32) {
    __m256i low[4], high[4];
    for (int sub = 0; sub < 4; sub++) low[sub] = high[sub] = _mm256_set1_epi16(128);
    for (int32_t r = 0; r < count; r++) {
      const __m256i value = cells[r] < 0 ? outside : rm_load32(call->value + cells[r] * call->value_pixel + c);
      const __m256i first = _mm256_unpacklo_epi8(value, none), second = _mm256_unpackhi_epi8(value, none);
UNROLL
      for (int sub = 0; sub < 4; sub++) {
        const __m256i weight = _mm256_set1_epi16((int16_t)weights[r * 4 + sub]);
        low[sub] = _mm256_add_epi16(low[sub], _mm256_mullo_epi16(first, weight));
        high[sub] = _mm256_add_epi16(high[sub], _mm256_mullo_epi16(second, weight));
      }
    }
    for (int sub = 0; sub < 4; sub++) {
      const __m256i bytes = _mm256_packus_epi16(_mm256_srli_epi16(low[sub], 8), _mm256_srli_epi16(high[sub], 8));
      rm_store32(out[sub] + c, bytes, call->channels - c);
    }
  }
}

TARGET static void group_steps(const rm_int8_global_attention_call *call, const group *g, int32_t first, int32_t count,
                            int32_t (*out)[GROUP]) {
  const __m256i key_zero = _mm256_set1_epi16((int16_t)call->key_zero);
  const __m128 multiplier = _mm_set1_ps(call->multiplier);
  for (int32_t n = 0; n < count; n++) {
    const uint8_t *key = call->key + (first + n) * call->key_pixel;
    __m256i sums[GROUP] = {_mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256(),
                           _mm256_setzero_si256()};
    for (int32_t i = 0; i < call->depth; i += 16) {
      const __m256i k = signed16(key + i, key_zero);
UNROLL
      for (int j = 0; j < GROUP; j++) {
        const __m256i q = _mm256_loadu_si256((const __m256i *)(g->query[j] + i));
        sums[j] = _mm256_add_epi32(sums[j], _mm256_madd_epi16(q, k));
      }
    }
    const __m256i all = _mm256_hadd_epi32(_mm256_hadd_epi32(sums[0], sums[1]), _mm256_hadd_epi32(sums[2], sums[3]));
    const __m128i score = _mm_add_epi32(_mm256_castsi256_si128(all), _mm256_extracti128_si256(all, 1));
    const __m128i steps = _mm_cvtps_epi32(_mm_mul_ps(_mm_cvtepi32_ps(score), multiplier));
    _mm_storeu_si128((__m128i *)out[n], steps);
  }
}

// Eight channels of two keys at a time.
TARGET static void group_mix(const rm_int8_global_attention_call *call, group *g, int32_t first, int32_t count) {
  const uint8_t *value = call->value + first * call->value_pixel;
  for (int32_t c = 0; c < call->channels; c += 8) {
    __m256i sums[GROUP] = {_mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256(),
                           _mm256_setzero_si256()};
    for (int32_t n = 0; n < count; n += 2) {
      const uint8_t *one = value + n * call->value_pixel + c, *two = n + 1 < count ? one + call->value_pixel : one;
      const __m128i pairs =
          _mm_unpacklo_epi8(_mm_loadl_epi64((const __m128i *)one), _mm_loadl_epi64((const __m128i *)two));
      const __m256i both = _mm256_cvtepu8_epi16(pairs);
UNROLL
      for (int j = 0; j < GROUP; j++) {
        int32_t weights;
        memcpy(&weights, g->weights[j] + n, sizeof weights);
        sums[j] = _mm256_add_epi32(sums[j], _mm256_madd_epi16(both, _mm256_set1_epi32(weights)));
      }
    }
    for (int j = 0; j < GROUP; j++) {
      int32_t part[8];
      _mm256_storeu_si256((__m256i *)part, sums[j]);
      for (int32_t i = 0; i < 8 && c + i < call->channels; i++) g->totals[j][c + i] += part[i];
    }
  }
}

RM_DEFINE_KERNEL(rm_int8_local_attention__avx2, int8_local_attention, local_attention_kernel)
RM_DEFINE_KERNEL(rm_int8_global_attention__avx2, int8_global_attention, global_attention_kernel)
#endif
