// SPDX-License-Identifier: Apache-2.0
#if defined(__x86_64__)
#define TARGET __attribute__((target("avx2,fma")))
#include "../macros.h"
#include "int8_ymm.inc"

#define GROUP 32
#define load_bytes rm_load32
#define store_bytes rm_store32
#define combined rm_combine32

typedef __m256i bytes;

INLINE bytes all_bytes(uint8_t value) { return _mm256_set1_epi8((char)value); }

typedef struct {
  __m256i a_zero, b_zero;
  rm_multiplier32 multiplier;
  rm_rule32 rule;
} factors;

INLINE factors make_factors(const rm_int8_mul_call *call) {
  return (factors){_mm256_set1_epi16((int16_t)call->a_zero), _mm256_set1_epi16((int16_t)call->b_zero),
                   rm_same_multiplier32(call->multiplier),
                   rm_make_rule32(call->out_zero, call->low, call->high)};
}

INLINE void products(__m256i a, __m256i b, __m256i out[2]) {
  const __m256i low = _mm256_mullo_epi16(a, b), high = _mm256_mulhi_epi16(a, b);
  out[0] = _mm256_unpacklo_epi16(low, high);
  out[1] = _mm256_unpackhi_epi16(low, high);
}

INLINE bytes multiplied(bytes a, bytes b, const factors *f) {
  const __m256i none = _mm256_setzero_si256();
  __m256i sum[4];
  products(_mm256_sub_epi16(_mm256_unpacklo_epi8(a, none), f->a_zero),
           _mm256_sub_epi16(_mm256_unpacklo_epi8(b, none), f->b_zero), sum);
  products(_mm256_sub_epi16(_mm256_unpackhi_epi8(a, none), f->a_zero),
           _mm256_sub_epi16(_mm256_unpackhi_epi8(b, none), f->b_zero), sum + 2);
  return rm_requantize32(sum, f->multiplier.each, &f->rule);
}

#include "../vector/int8_elementwise.inc"

TARGET void rm_int8_quantize__avx2(const rm_int8_quantize_call *call, ptrdiff_t begin, ptrdiff_t end) {
  rm_int8_quantize_expect(call, begin, end);
  const __m256 scale = _mm256_set1_ps(call->scale);
  const __m256 low = _mm256_set1_ps((float)(call->low - call->zero));
  const __m256 high = _mm256_set1_ps((float)(call->high - call->zero));
  const __m256i zero = _mm256_set1_epi16((int16_t)call->zero), order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  ptrdiff_t i = begin;
  for (; i + 32 <= end; i += 32) {
    __m256i part[4];
    for (int v = 0; v < 4; v++) {
      // The first operand's NaN gives the second: low.
      const __m256 value = _mm256_max_ps(_mm256_div_ps(_mm256_loadu_ps(call->in + i + 8 * v), scale), low);
      part[v] = _mm256_cvtps_epi32(_mm256_min_ps(value, high));
    }
    const __m256i ab = _mm256_add_epi16(_mm256_packs_epi32(part[0], part[1]), zero);
    const __m256i cd = _mm256_add_epi16(_mm256_packs_epi32(part[2], part[3]), zero);
    _mm256_storeu_si256((__m256i *)(call->out + i),
                        _mm256_permutevar8x32_epi32(_mm256_packus_epi16(ab, cd), order));
  }
  rm_int8_quantize__scalar(call, i, end);
}

TARGET void rm_int8_dequantize__avx2(const rm_int8_dequantize_call *call, ptrdiff_t begin, ptrdiff_t end) {
  rm_int8_dequantize_expect(call, begin, end);
  const __m256 scale = _mm256_set1_ps(call->scale);
  const __m256i zero = _mm256_set1_epi32(call->zero);
  ptrdiff_t i = begin;
  for (; i + 8 <= end; i += 8) {
    const __m256i wide = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(call->in + i)));
    _mm256_storeu_ps(call->out + i, _mm256_mul_ps(scale, _mm256_cvtepi32_ps(_mm256_sub_epi32(wide, zero))));
  }
  rm_int8_dequantize__scalar(call, i, end);
}

RM_DEFINE_KERNEL(rm_int8_combine__avx2, int8_combine, combine_kernel)
RM_DEFINE_KERNEL(rm_int8_mul__avx2, int8_mul, mul_kernel)
#endif
