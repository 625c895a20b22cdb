// SPDX-License-Identifier: Apache-2.0
// 32 bytes at a time. Maps without gaps are one long run; else each pixel is a run of its own. The last bytes of a
// run are computed from a whole vector and stored one part at a time, so that in-place calls stay right.
#if defined(__x86_64__)
#define ISA __attribute__((target("avx2,fma")))
#include "int8_ymm.h"

// Pixels of rows [begin, end) as `count` runs of `length` bytes.
typedef struct {
  ptrdiff_t first, count, length;
} runs;

static runs find_runs(int dense, ptrdiff_t row_begin, ptrdiff_t row_end, int32_t columns, int32_t channels) {
  const ptrdiff_t first = row_begin * columns, count = (row_end - row_begin) * columns;
  return dense ? (runs){first, count > 0, count * channels} : (runs){first, count, channels};
}

ISA void rm_int8_combine__avx2(const rm_int8_combine_call *call, ptrdiff_t row_begin, ptrdiff_t row_end) {
  rm_int8_combine rule = call->rule;
  if (!call->b) rule.multiplier_b = 0;
  const uint8_t *b_map = call->b ? call->b : call->a;
  const ptrdiff_t b_pixel = call->b ? call->b_pixel : call->a_pixel;
  const int dense = call->a_pixel == call->channels && b_pixel == call->channels && call->out_pixel == call->channels;
  const runs r = find_runs(dense, row_begin, row_end, call->columns, call->channels);
  for (ptrdiff_t p = r.first; p < r.first + r.count; p++) {
    const uint8_t *a = call->a + p * call->a_pixel, *b = b_map + p * b_pixel;
    uint8_t *out = call->out + p * call->out_pixel;
    for (ptrdiff_t i = 0; i < r.length; i += 32)
      rm_store32(out + i, rm_combine32(rm_load32(a + i), rm_load32(b + i), &rule), r.length - i);
  }
}

INLINE ISA void products(__m256i a, __m256i b, __m256i out[2]) {
  const __m256i low = _mm256_mullo_epi16(a, b), high = _mm256_mulhi_epi16(a, b);
  out[0] = _mm256_unpacklo_epi16(low, high);
  out[1] = _mm256_unpackhi_epi16(low, high);
}

ISA void rm_int8_mul__avx2(const rm_int8_mul_call *call, ptrdiff_t row_begin, ptrdiff_t row_end) {
  const __m256i none = _mm256_setzero_si256();
  const __m256i a_zero = _mm256_set1_epi16((int16_t)call->a_zero), b_zero = _mm256_set1_epi16((int16_t)call->b_zero);
  const rm_rule32 rule = rm_make_rule32(call->out_zero, call->low, call->high);
  const rm_multiplier32 m = rm_same_multiplier32(call->multiplier);
  const int dense = call->b_shape == RM_INT8_SAME && call->a_pixel == call->channels &&
                    call->b_pixel == call->channels && call->out_pixel == call->channels;
  const runs r = find_runs(dense, row_begin, row_end, call->columns, call->channels);
  for (ptrdiff_t p = r.first; p < r.first + r.count; p++) {
    const uint8_t *a = call->a + p * call->a_pixel;
    const uint8_t *b = call->b_shape == RM_INT8_CHANNELS ? call->b : call->b + p * call->b_pixel;
    uint8_t *out = call->out + p * call->out_pixel;
    const __m256i pixel_weight = _mm256_set1_epi8((char)*b);
    for (ptrdiff_t i = 0; i < r.length; i += 32) {
      const __m256i x = rm_load32(a + i), y = call->b_shape == RM_INT8_PIXELS ? pixel_weight : rm_load32(b + i);
      __m256i sum[4];
      products(_mm256_sub_epi16(_mm256_unpacklo_epi8(x, none), a_zero),
               _mm256_sub_epi16(_mm256_unpacklo_epi8(y, none), b_zero), sum);
      products(_mm256_sub_epi16(_mm256_unpackhi_epi8(x, none), a_zero),
               _mm256_sub_epi16(_mm256_unpackhi_epi8(y, none), b_zero), sum + 2);
      rm_store32(out + i, rm_requantize32(sum, m.each, &rule), r.length - i);
    }
  }
}

ISA void rm_int8_quantize__avx2(const rm_int8_quantize_call *call, ptrdiff_t begin, ptrdiff_t end) {
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

ISA void rm_int8_dequantize__avx2(const rm_int8_dequantize_call *call, ptrdiff_t begin, ptrdiff_t end) {
  const __m256 scale = _mm256_set1_ps(call->scale);
  const __m256i zero = _mm256_set1_epi32(call->zero);
  ptrdiff_t i = begin;
  for (; i + 8 <= end; i += 8) {
    const __m256i wide = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(call->in + i)));
    _mm256_storeu_ps(call->out + i, _mm256_mul_ps(scale, _mm256_cvtepi32_ps(_mm256_sub_epi32(wide, zero))));
  }
  rm_int8_dequantize__scalar(call, i, end);
}
#endif
