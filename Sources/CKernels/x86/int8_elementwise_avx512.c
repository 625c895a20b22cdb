// SPDX-License-Identifier: Apache-2.0
// Element by element, 64 at a time. Of products both factors and their product are whole numbers below 2^24, so floats
// hold them exactly, and the one rounding is that of REQUANTIZE.
#if defined(__x86_64__)
#define ISA __attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")))

#include "int8_store_avx512.h"

INLINE ISA __mmask64 lanes(ptrdiff_t left) {
  return left >= 64 ? ~(__mmask64)0 : ((__mmask64)1 << left) - 1;
}

ISA void rm_int8_combine__avx512vnni(const rm_int8_combine_call *call, ptrdiff_t row_begin, ptrdiff_t row_end) {
  rm_int8_combine rule = call->rule;
  if (!call->b) rule.multiplier_b = 0;
  const joint512 joint = make_joint(&rule);
  const uint8_t *b_map = call->b ? call->b : call->a;
  const ptrdiff_t b_pixel = call->b ? call->b_pixel : call->a_pixel;
  const int dense = call->a_pixel == call->channels && b_pixel == call->channels && call->out_pixel == call->channels;
  const ptrdiff_t first = row_begin * call->columns, pixels = (row_end - row_begin) * call->columns;
  const ptrdiff_t count = dense ? pixels > 0 : pixels, length = dense ? pixels * call->channels : call->channels;
  for (ptrdiff_t p = first; p < first + count; p++) {
    const uint8_t *a = call->a + p * call->a_pixel, *b = b_map + p * b_pixel;
    uint8_t *out = call->out + p * call->out_pixel;
    for (ptrdiff_t i = 0; i < length; i += 64) {
      const __mmask64 mask = lanes(length - i);
      const __m512i bytes = joined(_mm512_maskz_loadu_epi8(mask, a + i), _mm512_maskz_loadu_epi8(mask, b + i), &joint);
      _mm512_mask_storeu_epi8(out + i, mask, bytes);
    }
  }
}

INLINE ISA __m512 whole(__m128i bytes, __m512i zero) {
  return _mm512_cvtepi32_ps(_mm512_sub_epi32(_mm512_cvtepu8_epi32(bytes), zero));
}

INLINE ISA __m128i quarter(__m512i bytes, const int which) {
  if (which == 1) return _mm512_extracti32x4_epi32(bytes, 1);
  if (which == 2) return _mm512_extracti32x4_epi32(bytes, 2);
  if (which == 3) return _mm512_extracti32x4_epi32(bytes, 3);
  return _mm512_castsi512_si128(bytes);
}

ISA void rm_int8_mul__avx512vnni(const rm_int8_mul_call *call, ptrdiff_t row_begin, ptrdiff_t row_end) {
  const __m512i a_zero = _mm512_set1_epi32(call->a_zero), b_zero = _mm512_set1_epi32(call->b_zero);
  const __m512 multiplier = _mm512_set1_ps(call->multiplier);
  const __m512 limit = _mm512_set1_ps((float)(call->high - call->out_zero));
  const __m512i zero = _mm512_set1_epi16((int16_t)call->out_zero), low = _mm512_set1_epi8((char)call->low);
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  const int dense = call->b_shape == RM_INT8_SAME && call->a_pixel == call->channels &&
                    call->b_pixel == call->channels && call->out_pixel == call->channels;
  const ptrdiff_t first = row_begin * call->columns, pixels = (row_end - row_begin) * call->columns;
  const ptrdiff_t count = dense ? pixels > 0 : pixels, length = dense ? pixels * call->channels : call->channels;
  for (ptrdiff_t p = first; p < first + count; p++) {
    const uint8_t *a = call->a + p * call->a_pixel;
    const uint8_t *b = call->b_shape == RM_INT8_CHANNELS ? call->b : call->b + p * call->b_pixel;
    uint8_t *out = call->out + p * call->out_pixel;
    const __m512 spot = whole(_mm_set1_epi8((char)*b), b_zero);
    for (ptrdiff_t i = 0; i < length; i += 64) {
      const __mmask64 mask = lanes(length - i);
      const __m512i x = _mm512_maskz_loadu_epi8(mask, a + i);
      const __m512i y = call->b_shape == RM_INT8_PIXELS ? x : _mm512_maskz_loadu_epi8(mask, b + i);
      __m512i part[4];
#pragma unroll
      for (int v = 0; v < 4; v++) {
        const __m512 weight = call->b_shape == RM_INT8_PIXELS ? spot : whole(quarter(y, v), b_zero);
        const __m512 product = _mm512_mul_ps(whole(quarter(x, v), a_zero), weight);
        part[v] = _mm512_cvtps_epi32(_mm512_min_ps(_mm512_mul_ps(product, multiplier), limit));
      }
      const __m512i ab = _mm512_adds_epi16(_mm512_packs_epi32(part[0], part[1]), zero);
      const __m512i cd = _mm512_adds_epi16(_mm512_packs_epi32(part[2], part[3]), zero);
      const __m512i bytes = _mm512_permutexvar_epi32(order, _mm512_max_epu8(_mm512_packus_epi16(ab, cd), low));
      _mm512_mask_storeu_epi8(out + i, mask, bytes);
    }
  }
}
#endif
