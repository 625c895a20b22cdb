// SPDX-License-Identifier: Apache-2.0
// int8_few.h on 256 bits. The including file defines ISA and few_dot's instructions.
#define FEW_BYTES 32

INLINE ISA few_vec few_none(void) { return _mm256_setzero_si256(); }
INLINE ISA few_vec few_load(const uint8_t *at) { return _mm256_loadu_si256((const __m256i *)at); }
INLINE ISA few_vec few_part(const uint8_t *at, int32_t terms) {
  const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return _mm256_maskload_epi32((const int *)at, _mm256_cmpgt_epi32(_mm256_set1_epi32(terms / 4), lanes));
}
INLINE ISA __m128i few_sums(const few_vec sum[4]) {
  const __m256i ab = _mm256_hadd_epi32(sum[0], sum[1]), cd = _mm256_hadd_epi32(sum[2], sum[3]);
  const __m256i all = _mm256_hadd_epi32(ab, cd);
  return _mm_add_epi32(_mm256_castsi256_si128(all), _mm256_extracti128_si256(all, 1));
}

#include "int8_few.h"
