// SPDX-License-Identifier: Apache-2.0
#if defined(__x86_64__)
#define TARGET __attribute__((target("avx2,fma")))
#include "../macros.h"
#include "int8_ymm.inc"

#define GROUP 32
#define load_bytes rm_load32
#define store_bytes rm_store32
#define make_rule rm_make_rule32

typedef __m256i bytes;
typedef rm_rule32 rule;

INLINE bytes all_bytes(uint8_t value) { return _mm256_set1_epi8((char)value); }
INLINE bytes greater(bytes a, bytes b) { return _mm256_max_epu8(a, b); }

// In the order that rm_requantize32 returns to the natural one.
typedef struct {
  __m256i wide[4];
  __m256i low, high;  // 16-bit sums not yet added
} sums;

INLINE sums start(int32_t value) {
  const __m256i first = _mm256_set1_epi32(value), none = _mm256_setzero_si256();
  return (sums){{first, first, first, first}, none, none};
}

INLINE void add_bytes(sums *s, bytes more) {
  const __m256i none = _mm256_setzero_si256();
  s->low = _mm256_add_epi16(s->low, _mm256_unpacklo_epi8(more, none));
  s->high = _mm256_add_epi16(s->high, _mm256_unpackhi_epi8(more, none));
}

INLINE void flush(sums *s) {
  const __m256i none = _mm256_setzero_si256();
  s->wide[0] = _mm256_add_epi32(s->wide[0], _mm256_unpacklo_epi16(s->low, none));
  s->wide[1] = _mm256_add_epi32(s->wide[1], _mm256_unpackhi_epi16(s->low, none));
  s->wide[2] = _mm256_add_epi32(s->wide[2], _mm256_unpacklo_epi16(s->high, none));
  s->wide[3] = _mm256_add_epi32(s->wide[3], _mm256_unpackhi_epi16(s->high, none));
  s->low = s->high = none;
}

INLINE bytes requantized(const sums *s, float multiplier, const rule *r) {
  return rm_requantize32(s->wide, rm_same_multiplier32(multiplier).each, r);
}

#include "../vector/int8_windows.inc"

RM_DEFINE_KERNEL(rm_int8_max_pool__avx2, int8_max_pool, max_pool_kernel)
RM_DEFINE_KERNEL(rm_int8_average_pool__avx2, int8_average_pool, average_pool_kernel)
RM_DEFINE_KERNEL(rm_int8_mean__avx2, int8_mean, mean_kernel)
#endif
