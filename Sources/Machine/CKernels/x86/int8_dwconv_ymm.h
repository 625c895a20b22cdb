// SPDX-License-Identifier: Apache-2.0
// int8_dwconv.h on 256 bits: 32 channels a block. The including file defines ISA, WEIGHT_VECTORS and v_dot.
#include "int8_ymm.h"

#define BYTES 32
#define NAME(x) x##32

typedef __m256i vec;
typedef __m256 vec_f;
typedef rm_rule32 v_rule;

INLINE ISA vec v_load(const uint8_t *at) { return _mm256_loadu_si256((const __m256i *)at); }
INLINE ISA vec_f v_load_f(const float *at) { return _mm256_loadu_ps(at); }
INLINE ISA void v_store(uint8_t *at, vec v) { _mm256_storeu_si256((__m256i *)at, v); }
INLINE ISA vec v_none(void) { return _mm256_setzero_si256(); }
INLINE ISA vec v_low8(vec a, vec b) { return _mm256_unpacklo_epi8(a, b); }
INLINE ISA vec v_high8(vec a, vec b) { return _mm256_unpackhi_epi8(a, b); }
INLINE ISA vec v_low16(vec a, vec b) { return _mm256_unpacklo_epi16(a, b); }
INLINE ISA vec v_high16(vec a, vec b) { return _mm256_unpackhi_epi16(a, b); }
INLINE ISA v_rule v_make_rule(int32_t zero, int32_t low, int32_t high, const float *multiplier) {
  (void)multiplier;
  return rm_make_rule32(zero, low, high);
}
INLINE ISA vec v_requantize(const vec a[4], const vec_f m[4], const v_rule *r) { return rm_requantize32(a, m, r); }

INLINE ISA void v_put(uint8_t *out, vec bytes, int32_t channels) { rm_store32(out, bytes, channels); }

#include "../vector/int8_dwconv.h"
#include "../vector/int8_dwconv3x3.h"
