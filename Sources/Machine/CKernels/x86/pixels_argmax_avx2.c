// SPDX-License-Identifier: Apache-2.0
// Logits are taken apart by class once per row of them, in square blocks that stay in registers (8x8 floats,
// 16x16 bytes). A row of labels is then scored in pairs of vectors, class after class, best score and winner in
// registers; neighbouring outputs share few logits, so each vector loads the eight logits behind its first one
// and permutes them into place. Outputs that lie farther apart, as when the map is smaller than the logits, go
// the scalar way. Rows end in an overlapping vector.
#if defined(__x86_64__)
#include "../pixels.h"

#include <immintrin.h>

#define TARGET __attribute__((target("avx2")))

TARGET static inline __m256i load(const void *from) { return _mm256_loadu_si256(from); }
TARGET static inline void store(void *to, __m256i value) { _mm256_storeu_si256(to, value); }

TARGET static inline void transpose8(const float *const *rows, size_t k, __m256 out[8]) {
  __m256 a[8], b[8];
  for (int i = 0; i < 4; i++) {
    const __m256 low = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(rows[i] + k)),
                                            _mm_loadu_ps(rows[i + 4] + k), 1);
    const __m256 high = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(rows[i] + k + 4)),
                                             _mm_loadu_ps(rows[i + 4] + k + 4), 1);
    a[i] = low;
    a[i + 4] = high;
  }
  for (int i = 0; i < 8; i += 4) {
    b[i] = _mm256_unpacklo_ps(a[i], a[i + 1]);
    b[i + 1] = _mm256_unpackhi_ps(a[i], a[i + 1]);
    b[i + 2] = _mm256_unpacklo_ps(a[i + 2], a[i + 3]);
    b[i + 3] = _mm256_unpackhi_ps(a[i + 2], a[i + 3]);
    out[i] = _mm256_shuffle_ps(b[i], b[i + 2], 0x44);
    out[i + 1] = _mm256_shuffle_ps(b[i], b[i + 2], 0xee);
    out[i + 2] = _mm256_shuffle_ps(b[i + 1], b[i + 3], 0x44);
    out[i + 3] = _mm256_shuffle_ps(b[i + 1], b[i + 3], 0xee);
  }
}

TARGET void rm_pixels_planes_f32__avx2(const float *logits, size_t pixel_stride, size_t columns, int classes,
                                       float *planes,
                              size_t stride) {
  const size_t count = (size_t)classes;
  for (size_t x = 0; x < columns; x += 8) {
    const float *rows[8];
    for (size_t i = 0; i < 8; i++) rows[i] = logits + (x + i < columns ? x + i : columns - 1) * pixel_stride;
    for (size_t block = 0; block < count; block += 8) {
      const size_t k = block + 8 <= count || count < 8 ? block : count - 8;
      __m256 out[8];
      transpose8(rows, k, out);
      for (size_t i = 0; i < 8 && k + i < count; i++) _mm256_storeu_ps(planes + (k + i) * stride + x, out[i]);
    }
  }
  for (size_t k = 0; k < count; k++) planes[k * stride + columns] = planes[k * stride + columns - 1];
}

TARGET static inline void transpose16(const uint8_t *const *rows, size_t k, __m128i v[16]) {
  for (int i = 0; i < 16; i++) v[i] = _mm_loadu_si128((const void *)(rows[i] + k));
  // Each step interleaves halves that lie eight vectors apart; four of them transpose.
  for (int step = 0; step < 4; step++) {
    __m128i next[16];
    for (int i = 0; i < 8; i++) {
      next[2 * i] = _mm_unpacklo_epi8(v[i], v[i + 8]);
      next[2 * i + 1] = _mm_unpackhi_epi8(v[i], v[i + 8]);
    }
    for (int i = 0; i < 16; i++) v[i] = next[i];
  }
}

TARGET void rm_pixels_planes_s8__avx2(const uint8_t *logits, size_t pixel_stride, size_t columns, int classes,
                                      uint8_t flip,
                             int16_t *planes, size_t stride) {
  const size_t count = (size_t)classes;
  const __m128i flips = _mm_set1_epi8((char)flip);
  for (size_t x = 0; x < columns; x += 16) {
    const uint8_t *rows[16];
    for (size_t i = 0; i < 16; i++) rows[i] = logits + (x + i < columns ? x + i : columns - 1) * pixel_stride;
    for (size_t block = 0; block < count; block += 16) {
      const size_t k = block + 16 <= count || count < 16 ? block : count - 16;
      __m128i out[16];
      transpose16(rows, k, out);
      for (size_t i = 0; i < 16 && k + i < count; i++)
        store(planes + (k + i) * stride + x, _mm256_cvtepi8_epi16(_mm_xor_si128(out[i], flips)));
    }
  }
  for (size_t k = 0; k < count; k++) planes[k * stride + columns] = planes[k * stride + columns - 1];
}

TARGET void rm_pixels_lerp_f32__avx2(const float *upper, const float *lower, float fraction, size_t columns,
                                     int classes,
                            float *out, size_t stride) {
  const __m256 part = _mm256_set1_ps(fraction);
  for (size_t k = 0; k < (size_t)classes; k++) {
    const float *a = upper + k * stride, *b = lower + k * stride;
    float *value = out + 2 * k * stride, *slope = value + stride;
    for (size_t x = 0; x < columns; x += 8) {
      const __m256 a0 = _mm256_loadu_ps(a + x), a1 = _mm256_loadu_ps(a + x + 1);
      const __m256 d0 = _mm256_sub_ps(_mm256_loadu_ps(b + x), a0), d1 = _mm256_sub_ps(_mm256_loadu_ps(b + x + 1), a1);
      const __m256 here = _mm256_add_ps(a0, _mm256_mul_ps(d0, part));
      const __m256 next = _mm256_add_ps(a1, _mm256_mul_ps(d1, part));
      _mm256_storeu_ps(value + x, here);
      _mm256_storeu_ps(slope + x, _mm256_sub_ps(next, here));
    }
  }
}

TARGET void rm_pixels_lerp_s16__avx2(const int16_t *upper, const int16_t *lower, int unit, int fraction, int gain,
                            size_t columns, int classes, int16_t *out, size_t stride) {
  const __m256i wa = _mm256_set1_epi16((int16_t)(unit - fraction)), wb = _mm256_set1_epi16((int16_t)fraction);
  const __m256i gains = _mm256_set1_epi16((int16_t)gain);
  for (size_t k = 0; k < (size_t)classes; k++) {
    const int16_t *a = upper + k * stride, *b = lower + k * stride;
    int16_t *value = out + 2 * k * stride, *slope = value + stride;
    for (size_t x = 0; x < columns; x += 16) {
      const __m256i here =
          _mm256_add_epi16(_mm256_mullo_epi16(load(a + x), wa), _mm256_mullo_epi16(load(b + x), wb));
      const __m256i next =
          _mm256_add_epi16(_mm256_mullo_epi16(load(a + x + 1), wa), _mm256_mullo_epi16(load(b + x + 1), wb));
      store(value + x, _mm256_mullo_epi16(here, gains));
      store(slope + x, _mm256_sub_epi16(next, here));
    }
  }
}

TARGET static inline __m256 score8(const float *at, size_t stride, __m256i pick, __m256 part) {
  const __m256 value = _mm256_permutevar8x32_ps(_mm256_loadu_ps(at), pick);
  const __m256 slope = _mm256_permutevar8x32_ps(_mm256_loadu_ps(at + stride), pick);
  return _mm256_add_ps(value, _mm256_mul_ps(slope, part));
}

TARGET static inline void winners_f32(const float *lerped, size_t stride, int classes, const int32_t *first,
                                      const float *fraction, uint8_t *labels) {
  const float *at0 = lerped + first[0], *at1 = lerped + first[8];
  const __m256i pick0 = _mm256_sub_epi32(load(first), _mm256_set1_epi32(first[0]));
  const __m256i pick1 = _mm256_sub_epi32(load(first + 8), _mm256_set1_epi32(first[8]));
  const __m256 part0 = _mm256_loadu_ps(fraction), part1 = _mm256_loadu_ps(fraction + 8);
  __m256 best0 = score8(at0, stride, pick0, part0), best1 = score8(at1, stride, pick1, part1);
  __m256i winner0 = _mm256_setzero_si256(), winner1 = winner0;
  for (int k = 1; k < classes; k++) {
    at0 += 2 * stride;
    at1 += 2 * stride;
    const __m256i id = _mm256_set1_epi32(k);
    const __m256 score0 = score8(at0, stride, pick0, part0), score1 = score8(at1, stride, pick1, part1);
    const __m256i wins0 = _mm256_castps_si256(_mm256_cmp_ps(score0, best0, _CMP_GT_OQ));
    const __m256i wins1 = _mm256_castps_si256(_mm256_cmp_ps(score1, best1, _CMP_GT_OQ));
    // A later winner has the higher id.
    winner0 = _mm256_max_epi32(winner0, _mm256_and_si256(wins0, id));
    winner1 = _mm256_max_epi32(winner1, _mm256_and_si256(wins1, id));
    best0 = _mm256_max_ps(score0, best0);
    best1 = _mm256_max_ps(score1, best1);
  }
  const __m256i words = _mm256_permute4x64_epi64(_mm256_packus_epi32(winner0, winner1), 0xd8);
  const __m128i bytes = _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
  _mm_storeu_si128((void *)labels, bytes);
}

// Bytes that bring the words steps[0...7] of each half into place.
TARGET static inline __m256i pick16(const int32_t *first) {
  const __m256i low = _mm256_sub_epi32(load(first), _mm256_set1_epi32(first[0]));
  const __m256i high = _mm256_sub_epi32(load(first + 8), _mm256_set1_epi32(first[8]));
  const __m256i steps = _mm256_permute4x64_epi64(_mm256_packs_epi32(low, high), 0xd8);
  return _mm256_add_epi16(_mm256_mullo_epi16(steps, _mm256_set1_epi16(0x0202)), _mm256_set1_epi16(0x0100));
}

TARGET static inline __m256i halves(const int16_t *low, const int16_t *high) {
  return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128((const void *)low)),
                                 _mm_loadu_si128((const void *)high), 1);
}

TARGET static inline __m256i score16(const int16_t *low, const int16_t *high, size_t stride, __m256i pick,
                                   __m256i part, int is_exact) {
  const __m256i value = _mm256_shuffle_epi8(halves(low, high), pick);
  const __m256i slope = _mm256_shuffle_epi8(halves(low + stride, high + stride), pick);
  return _mm256_add_epi16(value, is_exact ? _mm256_mullo_epi16(slope, part) : _mm256_mulhrs_epi16(slope, part));
}

TARGET static inline void winners_s16(const int16_t *lerped, size_t stride, int classes, const int32_t *first,
                                      const int16_t *fraction, uint8_t *labels, int is_exact) {
  const int16_t *low0 = lerped + first[0], *high0 = lerped + first[8];
  const int16_t *low1 = lerped + first[16], *high1 = lerped + first[24];
  const __m256i pick0 = pick16(first), pick1 = pick16(first + 16);
  const __m256i part0 = load(fraction), part1 = load(fraction + 16);
  __m256i best0 = score16(low0, high0, stride, pick0, part0, is_exact);
  __m256i best1 = score16(low1, high1, stride, pick1, part1, is_exact);
  __m256i winner0 = _mm256_setzero_si256(), winner1 = winner0;
  size_t offset = 0;
  for (int k = 1; k < classes; k++) {
    offset += 2 * stride;
    const __m256i id = _mm256_set1_epi16((int16_t)k);
    const __m256i score0 = score16(low0 + offset, high0 + offset, stride, pick0, part0, is_exact);
    const __m256i score1 = score16(low1 + offset, high1 + offset, stride, pick1, part1, is_exact);
    winner0 = _mm256_max_epi16(winner0, _mm256_and_si256(_mm256_cmpgt_epi16(score0, best0), id));
    winner1 = _mm256_max_epi16(winner1, _mm256_and_si256(_mm256_cmpgt_epi16(score1, best1), id));
    best0 = _mm256_max_epi16(best0, score0);
    best1 = _mm256_max_epi16(best1, score1);
  }
  store(labels, _mm256_permute4x64_epi64(_mm256_packus_epi16(winner0, winner1), 0xd8));
}

#define LOWER(kernel) rm_pixels_##kernel##__scalar
#define F32_STEP 16
#define F32_LANES 8
#define S16_STEP 32
#define S16_LANES 8
#include "../vector/pixels_argmax.inc"

TARGET void rm_pixels_argmax_exact_s16__avx2(const int16_t *lerped, size_t stride, int classes, const int32_t *first,
                                             const int16_t *fraction, size_t columns, uint8_t *labels) {
  argmax_exact_s16_kernel(lerped, stride, classes, first, fraction, columns, labels);
}

TARGET void rm_pixels_argmax_f32__avx2(const float *lerped, size_t stride, int classes, const int32_t *first,
                                       const float *fraction, size_t columns, uint8_t *labels) {
  argmax_f32_kernel(lerped, stride, classes, first, fraction, columns, labels);
}

TARGET void rm_pixels_argmax_q15_s16__avx2(const int16_t *lerped, size_t stride, int classes, const int32_t *first,
                                           const int16_t *fraction, size_t columns, uint8_t *labels) {
  argmax_q15_s16_kernel(lerped, stride, classes, first, fraction, columns, labels);
}

#endif
