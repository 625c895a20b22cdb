// SPDX-License-Identifier: Apache-2.0
// As with AVX2, with vectors of a whole register: one permute reaches 16 floats or 32 words behind the first
// output's logit, whatever the outputs in between, and the winner's id moves under the comparison's mask. Two
// vectors at a time. Rows end in an overlapping vector.
#if defined(__x86_64__)
#include "../pixels.h"

#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq")))

TARGET static inline __m512i load(const void *from) { return _mm512_loadu_si512(from); }

TARGET static inline __m512 score16(const float *at, size_t stride, __m512i pick, __m512 part) {
  const __m512 value = _mm512_permutexvar_ps(pick, _mm512_loadu_ps(at));
  const __m512 slope = _mm512_permutexvar_ps(pick, _mm512_loadu_ps(at + stride));
  return _mm512_add_ps(value, _mm512_mul_ps(slope, part));
}

TARGET static inline void winners_f32(const float *lerped, size_t stride, int classes, const int32_t *first,
                                        const float *fraction, uint8_t *labels) {
  const float *at0 = lerped + first[0], *at1 = lerped + first[16];
  const __m512i pick0 = _mm512_sub_epi32(load(first), _mm512_set1_epi32(first[0]));
  const __m512i pick1 = _mm512_sub_epi32(load(first + 16), _mm512_set1_epi32(first[16]));
  const __m512 part0 = _mm512_loadu_ps(fraction), part1 = _mm512_loadu_ps(fraction + 16);
  __m512 best0 = score16(at0, stride, pick0, part0), best1 = score16(at1, stride, pick1, part1);
  __m512i winner0 = _mm512_setzero_si512(), winner1 = winner0;
  for (int k = 1; k < classes; k++) {
    at0 += 2 * stride;
    at1 += 2 * stride;
    const __m512i id = _mm512_set1_epi32(k);
    const __m512 score0 = score16(at0, stride, pick0, part0), score1 = score16(at1, stride, pick1, part1);
    winner0 = _mm512_mask_mov_epi32(winner0, _mm512_cmp_ps_mask(score0, best0, _CMP_GT_OQ), id);
    winner1 = _mm512_mask_mov_epi32(winner1, _mm512_cmp_ps_mask(score1, best1, _CMP_GT_OQ), id);
    best0 = _mm512_max_ps(score0, best0);
    best1 = _mm512_max_ps(score1, best1);
  }
  _mm_storeu_si128((void *)labels, _mm512_cvtepi32_epi8(winner0));
  _mm_storeu_si128((void *)(labels + 16), _mm512_cvtepi32_epi8(winner1));
}

TARGET static inline __m512i pick32(const int32_t *first) {
  const __m512i base = _mm512_set1_epi32(first[0]);
  const __m256i low = _mm512_cvtepi32_epi16(_mm512_sub_epi32(load(first), base));
  const __m256i high = _mm512_cvtepi32_epi16(_mm512_sub_epi32(load(first + 16), base));
  return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
}

TARGET static inline __m512i score32(const int16_t *at, size_t stride, __m512i pick, __m512i part, int is_exact) {
  const __m512i value = _mm512_permutexvar_epi16(pick, load(at));
  const __m512i slope = _mm512_permutexvar_epi16(pick, load(at + stride));
  return _mm512_add_epi16(value, is_exact ? _mm512_mullo_epi16(slope, part) : _mm512_mulhrs_epi16(slope, part));
}

TARGET static inline void winners_s16(const int16_t *lerped, size_t stride, int classes, const int32_t *first,
                                        const int16_t *fraction, uint8_t *labels, int is_exact) {
  const int16_t *at0 = lerped + first[0], *at1 = lerped + first[32];
  const __m512i pick0 = pick32(first), pick1 = pick32(first + 32);
  const __m512i part0 = load(fraction), part1 = load(fraction + 32);
  __m512i best0 = score32(at0, stride, pick0, part0, is_exact), best1 = score32(at1, stride, pick1, part1, is_exact);
  __m512i winner0 = _mm512_setzero_si512(), winner1 = winner0;
  for (int k = 1; k < classes; k++) {
    at0 += 2 * stride;
    at1 += 2 * stride;
    const __m512i id = _mm512_set1_epi16((int16_t)k);
    const __m512i score0 = score32(at0, stride, pick0, part0, is_exact);
    const __m512i score1 = score32(at1, stride, pick1, part1, is_exact);
    winner0 = _mm512_mask_mov_epi16(winner0, _mm512_cmpgt_epi16_mask(score0, best0), id);
    winner1 = _mm512_mask_mov_epi16(winner1, _mm512_cmpgt_epi16_mask(score1, best1), id);
    best0 = _mm512_max_epi16(best0, score0);
    best1 = _mm512_max_epi16(best1, score1);
  }
  _mm256_storeu_si256((void *)labels, _mm512_cvtepi16_epi8(winner0));
  _mm256_storeu_si256((void *)(labels + 32), _mm512_cvtepi16_epi8(winner1));
}

#define LOWER(kernel) rm_pixels_##kernel##__avx2
#define F32_STEP 32
#define F32_LANES 16
#define S16_STEP 64
#define S16_LANES 32
#include "../vector/pixels_argmax.inc"

TARGET void rm_pixels_argmax_exact_s16__avx512(const int16_t *lerped, size_t stride, int classes, const int32_t *first,
                                               const int16_t *fraction, size_t columns, uint8_t *labels) {
  argmax_exact_s16_kernel(lerped, stride, classes, first, fraction, columns, labels);
}

TARGET void rm_pixels_argmax_f32__avx512(const float *lerped, size_t stride, int classes, const int32_t *first,
                                         const float *fraction, size_t columns, uint8_t *labels) {
  argmax_f32_kernel(lerped, stride, classes, first, fraction, columns, labels);
}

TARGET void rm_pixels_argmax_q15_s16__avx512(const int16_t *lerped, size_t stride, int classes, const int32_t *first,
                                             const int16_t *fraction, size_t columns, uint8_t *labels) {
  argmax_q15_s16_kernel(lerped, stride, classes, first, fraction, columns, labels);
}

#endif
