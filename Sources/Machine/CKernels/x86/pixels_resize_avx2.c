// SPDX-License-Identifier: Apache-2.0
// Weights meet samples in pairs, in one multiply-add each (vpmaddwd), 32 bits wide. Down: two source rows are
// interleaved byte by byte. Across: four outputs lie within eight samples as long as the picture shrinks to no
// less than about half, so a byte shuffle finds their pairs; beyond that they are gathered. Rows end in
// overlapping vectors where the source is a picture, and in whole groups where it is a row of our own.
#if defined(__x86_64__)
#include "../pixels.h"

#include <immintrin.h>
#include <string.h>

#define TARGET __attribute__((target("avx2")))

static size_t padded(size_t columns) {
  return (columns + RM_PIXELS_GROUP - 1) / RM_PIXELS_GROUP * RM_PIXELS_GROUP;
}

TARGET static inline __m256i load(const void *from) { return _mm256_loadu_si256(from); }
TARGET static inline void store(void *to, __m256i value) { _mm256_storeu_si256(to, value); }

TARGET static inline void blend32(const uint8_t *const *rows, const int16_t *weights, int taps, size_t x,
                                int16_t *out) {
  const int shift = RM_WEIGHT_BITS - RM_BLENDED_BITS;
  const __m256i zero = _mm256_setzero_si256();
  __m256i sum0 = _mm256_set1_epi32(1 << (shift - 1)), sum1 = sum0, sum2 = sum0, sum3 = sum0;
  for (int t = 0; t < taps; t += 2) {
    int32_t both;
    memcpy(&both, weights + t, sizeof both);
    const __m256i weight = _mm256_set1_epi32(both);
    const __m256i a = load(rows[t] + x), b = load(rows[t + 1] + x);
    const __m256i low = _mm256_unpacklo_epi8(a, b), high = _mm256_unpackhi_epi8(a, b);
    sum0 = _mm256_add_epi32(sum0, _mm256_madd_epi16(_mm256_unpacklo_epi8(low, zero), weight));
    sum1 = _mm256_add_epi32(sum1, _mm256_madd_epi16(_mm256_unpackhi_epi8(low, zero), weight));
    sum2 = _mm256_add_epi32(sum2, _mm256_madd_epi16(_mm256_unpacklo_epi8(high, zero), weight));
    sum3 = _mm256_add_epi32(sum3, _mm256_madd_epi16(_mm256_unpackhi_epi8(high, zero), weight));
  }
  const __m256i a = _mm256_packs_epi32(_mm256_srai_epi32(sum0, shift), _mm256_srai_epi32(sum1, shift));
  const __m256i b = _mm256_packs_epi32(_mm256_srai_epi32(sum2, shift), _mm256_srai_epi32(sum3, shift));
  store(out + x, _mm256_permute2x128_si256(a, b, 0x20));
  store(out + x + 16, _mm256_permute2x128_si256(a, b, 0x31));
}

TARGET void rm_pixels_blend_rows__avx2(const uint8_t *const *rows, const int16_t *weights, int taps, size_t columns,
                                 int16_t *out) {
  if (columns < 32) {
    rm_pixels_blend_rows__scalar(rows, weights, taps, columns, out);
    return;
  }
  size_t x = 0;
  for (; x + 32 <= columns; x += 32) blend32(rows, weights, taps, x, out);
  if (x < columns) blend32(rows, weights, taps, columns - 32, out);
}

TARGET void rm_pixels_split_pairs__avx2(const int16_t *pairs, size_t columns, int16_t *a, int16_t *b) {
  const __m256i mask = _mm256_set1_epi32(0xffff);
  for (size_t x = 0; x < columns; x += 16) {
    const __m256i low = load(pairs + 2 * x), high = load(pairs + 2 * x + 16);
    const __m256i first = _mm256_packus_epi32(_mm256_and_si256(low, mask), _mm256_and_si256(high, mask));
    const __m256i second = _mm256_packus_epi32(_mm256_srli_epi32(low, 16), _mm256_srli_epi32(high, 16));
    store(a + x, _mm256_permute4x64_epi64(first, 0xd8));
    store(b + x, _mm256_permute4x64_epi64(second, 0xd8));
  }
}

// Eight outputs, four from the samples behind each of first[0] and first[4].
TARGET static inline __m256i near8(const int16_t *in, const int32_t *first, const int16_t *weights, size_t row,
                                 int taps) {
  const __m256i spread_bytes = _mm256_setr_epi8(0, 0, 0, 0, 4, 4, 4, 4, 8, 8, 8, 8, 12, 12, 12, 12,  //
                                                0, 0, 0, 0, 4, 4, 4, 4, 8, 8, 8, 8, 12, 12, 12, 12);
  const __m256i at = load(first);
  const __m256i steps = _mm256_sub_epi32(at, _mm256_shuffle_epi32(at, 0));
  const __m256i bytes = _mm256_shuffle_epi8(_mm256_add_epi32(steps, steps), spread_bytes);
  const __m256i pick = _mm256_add_epi8(bytes, _mm256_set1_epi32(0x03020100));
  const int16_t *left = in + first[0], *right = in + first[4];
  __m256i sum = _mm256_set1_epi32(1 << (RM_BLENDED_BITS + RM_WEIGHT_BITS - RM_SAMPLE_BITS - 1));
  for (int t = 0; t < taps; t += 2) {
    const __m128i low = _mm_loadu_si128((const void *)(left + t));
    const __m256i samples = _mm256_inserti128_si256(_mm256_castsi128_si256(low),
                                                    _mm_loadu_si128((const void *)(right + t)), 1);
    const __m256i weight = load(weights + (size_t)(t / 2) * row);
    sum = _mm256_add_epi32(sum, _mm256_madd_epi16(_mm256_shuffle_epi8(samples, pick), weight));
  }
  return _mm256_srai_epi32(sum, RM_BLENDED_BITS + RM_WEIGHT_BITS - RM_SAMPLE_BITS);
}

TARGET static inline __m256i far8(const int16_t *in, const int32_t *first, const int16_t *weights, size_t row,
                                int taps) {
  const __m256i at = load(first);
  __m256i sum = _mm256_set1_epi32(1 << (RM_BLENDED_BITS + RM_WEIGHT_BITS - RM_SAMPLE_BITS - 1));
  for (int t = 0; t < taps; t += 2) {
    const __m256i samples = _mm256_i32gather_epi32((const void *)(in + t), at, 2);
    const __m256i weight = load(weights + (size_t)(t / 2) * row);
    sum = _mm256_add_epi32(sum, _mm256_madd_epi16(samples, weight));
  }
  return _mm256_srai_epi32(sum, RM_BLENDED_BITS + RM_WEIGHT_BITS - RM_SAMPLE_BITS);
}

TARGET static inline void resample(const int16_t *in, const rm_resample_axis *axis, int16_t *out, int taps) {
  const size_t columns = (size_t)axis->columns, row = 2 * padded(columns);
  for (size_t x = 0; x < columns; x += 16) {
    const int32_t *first = axis->first + x;
    const int16_t *weights = axis->weights + 2 * x;
    const __m256i a = near8(in, first, weights, row, taps), b = near8(in, first + 8, weights + 16, row, taps);
    store(out + x, _mm256_permute4x64_epi64(_mm256_packs_epi32(a, b), 0xd8));
  }
}

TARGET void rm_pixels_resample_row__avx2(const int16_t *in, const rm_resample_axis *axis, int16_t *out) {
  if (axis->spread <= 6) {
    if (axis->taps == 2) return resample(in, axis, out, 2);
    if (axis->taps == 4) return resample(in, axis, out, 4);
    return resample(in, axis, out, axis->taps);
  }
  const size_t columns = (size_t)axis->columns, row = 2 * padded(columns);
  for (size_t x = 0; x < columns; x += 16) {
    const int32_t *first = axis->first + x;
    const int16_t *weights = axis->weights + 2 * x;
    const __m256i a = far8(in, first, weights, row, axis->taps);
    const __m256i b = far8(in, first + 8, weights + 16, row, axis->taps);
    store(out + x, _mm256_permute4x64_epi64(_mm256_packs_epi32(a, b), 0xd8));
  }
}

typedef struct {
  __m256i red, green, blue;
} rgb16;

// Sixteen pixels, a channel in 16 bits.
TARGET static inline rgb16 convert16(const int16_t *y, const int16_t *u, const int16_t *v, const rm_yuv_matrix *m) {
  const int shift = RM_SAMPLE_BITS + RM_MATRIX_BITS;
#define PAIR(low, high) _mm256_set1_epi32((int)((uint32_t)(uint16_t)(low) | (uint32_t)(uint16_t)(high) << 16))
  const __m256i red_yv = PAIR(m->luma, m->red_v), green_yu = PAIR(m->luma, m->green_u);
  const __m256i green_v = PAIR(0, m->green_v), blue_yu = PAIR(m->luma, m->blue_u);
#undef PAIR
  const __m256i red_bias = _mm256_set1_epi32(m->red_bias), green_bias = _mm256_set1_epi32(m->green_bias);
  const __m256i blue_bias = _mm256_set1_epi32(m->blue_bias);
  const __m256i luma = load(y), cb = load(u), cr = load(v);
  __m256i red[2], green[2], blue[2];
  for (int half = 0; half < 2; half++) {
    const __m256i yu = half ? _mm256_unpackhi_epi16(luma, cb) : _mm256_unpacklo_epi16(luma, cb);
    const __m256i yv = half ? _mm256_unpackhi_epi16(luma, cr) : _mm256_unpacklo_epi16(luma, cr);
    const __m256i both = _mm256_add_epi32(_mm256_madd_epi16(yu, green_yu), _mm256_madd_epi16(yv, green_v));
    red[half] = _mm256_srai_epi32(_mm256_add_epi32(_mm256_madd_epi16(yv, red_yv), red_bias), shift);
    green[half] = _mm256_srai_epi32(_mm256_add_epi32(both, green_bias), shift);
    blue[half] = _mm256_srai_epi32(_mm256_add_epi32(_mm256_madd_epi16(yu, blue_yu), blue_bias), shift);
  }
  return (rgb16){_mm256_packs_epi32(red[0], red[1]), _mm256_packs_epi32(green[0], green[1]),
                 _mm256_packs_epi32(blue[0], blue[1])};
}

TARGET void rm_pixels_yuv_to_rgb__avx2(const int16_t *y, const int16_t *u, const int16_t *v,
                                       const rm_yuv_matrix *matrix,
                                  size_t columns, uint8_t *rgb) {
  // Where each channel's bytes go among three vectors of interleaved ones; -1 leaves 0.
#define TWICE(...) _mm256_setr_epi8(__VA_ARGS__, __VA_ARGS__)
  const __m256i red0 = TWICE(0, -1, -1, 1, -1, -1, 2, -1, -1, 3, -1, -1, 4, -1, -1, 5);
  const __m256i red1 = TWICE(-1, -1, 6, -1, -1, 7, -1, -1, 8, -1, -1, 9, -1, -1, 10, -1);
  const __m256i red2 = TWICE(-1, 11, -1, -1, 12, -1, -1, 13, -1, -1, 14, -1, -1, 15, -1, -1);
  const __m256i green0 = TWICE(-1, 0, -1, -1, 1, -1, -1, 2, -1, -1, 3, -1, -1, 4, -1, -1);
  const __m256i green1 = TWICE(5, -1, -1, 6, -1, -1, 7, -1, -1, 8, -1, -1, 9, -1, -1, 10);
  const __m256i green2 = TWICE(-1, -1, 11, -1, -1, 12, -1, -1, 13, -1, -1, 14, -1, -1, 15, -1);
  const __m256i blue0 = TWICE(-1, -1, 0, -1, -1, 1, -1, -1, 2, -1, -1, 3, -1, -1, 4, -1);
  const __m256i blue1 = TWICE(-1, 5, -1, -1, 6, -1, -1, 7, -1, -1, 8, -1, -1, 9, -1, -1);
  const __m256i blue2 = TWICE(10, -1, -1, 11, -1, -1, 12, -1, -1, 13, -1, -1, 14, -1, -1, 15);
#undef TWICE
  for (size_t x = 0; x < columns; x += 32) {
    const rgb16 a = convert16(y + x, u + x, v + x, matrix);
    const rgb16 b = convert16(y + x + 16, u + x + 16, v + x + 16, matrix);
    const __m256i r = _mm256_permute4x64_epi64(_mm256_packus_epi16(a.red, b.red), 0xd8);
    const __m256i g = _mm256_permute4x64_epi64(_mm256_packus_epi16(a.green, b.green), 0xd8);
    const __m256i l = _mm256_permute4x64_epi64(_mm256_packus_epi16(a.blue, b.blue), 0xd8);
#define MIX(i)                                                                                       \
  _mm256_or_si256(_mm256_or_si256(_mm256_shuffle_epi8(r, red##i), _mm256_shuffle_epi8(g, green##i)), \
                  _mm256_shuffle_epi8(l, blue##i))
    const __m256i mixed0 = MIX(0), mixed1 = MIX(1), mixed2 = MIX(2);
#undef MIX
    uint8_t *out = rgb + 3 * x;
    store(out, _mm256_permute2x128_si256(mixed0, mixed1, 0x20));
    store(out + 32, _mm256_permute2x128_si256(mixed2, mixed0, 0x30));
    store(out + 64, _mm256_permute2x128_si256(mixed1, mixed2, 0x31));
  }
}

TARGET void rm_pixels_normalize__avx2(const uint8_t *rgb, const float *mean, const float *scale, size_t columns,
                                float *out) {
  float means[24], scales[24];
  for (int i = 0; i < 24; i++) {
    means[i] = mean[i % 3];
    scales[i] = scale[i % 3];
  }
  const size_t count = 3 * columns;
  size_t i = 0;
  for (; i + 24 <= count; i += 24) {
    for (size_t j = 0; j < 24; j += 8) {
      const __m256i wide = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const void *)(rgb + i + j)));
      const __m256 centered = _mm256_sub_ps(_mm256_cvtepi32_ps(wide), _mm256_loadu_ps(means + j));
      _mm256_storeu_ps(out + i + j, _mm256_mul_ps(centered, _mm256_loadu_ps(scales + j)));
    }
  }
  rm_pixels_normalize__scalar(rgb + i, mean, scale, (count - i) / 3, out + i);
}

// 32 pixels. The line's slope has up to 22 bits, so the value meets its low 7 and its high 15 bits at once:
// value * low + (value << 7) * high.
TARGET static inline void quantize32(const uint8_t *rgb, const rm_rgb_quantizer *quantizer, const int32_t *slopes,
                                   const int32_t *offsets, uint8_t *out) {
  const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  for (size_t i = 0; i < 96; i += 32) {
    __m256i stored[4];
    for (size_t j = 0; j < 4; j++) {
      const size_t phase = (i + 8 * j) % 24;
      const __m256i value = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const void *)(rgb + i + 8 * j)));
      const __m256i both = _mm256_or_si256(value, _mm256_slli_epi32(value, 23));
      const __m256i line = _mm256_add_epi32(_mm256_madd_epi16(both, load(slopes + phase)), load(offsets + phase));
      stored[j] = _mm256_srai_epi32(line, RM_AFFINE_BITS);
    }
    const __m256i a = _mm256_packs_epi32(stored[0], stored[1]), b = _mm256_packs_epi32(stored[2], stored[3]);
    const __m256i bytes = quantizer->is_signed ? _mm256_packs_epi16(a, b) : _mm256_packus_epi16(a, b);
    store(out + i, _mm256_permutevar8x32_epi32(bytes, order));
  }
}

TARGET void rm_pixels_quantize__avx2(const uint8_t *rgb, const rm_rgb_quantizer *quantizer, size_t columns,
                                     uint8_t *out) {
  if (!quantizer->is_affine) {
    rm_pixels_quantize__scalar(rgb, quantizer, columns, out);
    return;
  }
  int32_t slopes[24], offsets[24];
  for (int i = 0; i < 24; i++) {
    slopes[i] = (quantizer->slope[i % 3] & 127) | (quantizer->slope[i % 3] >> 7) << 16;
    offsets[i] = quantizer->offset[i % 3];
  }
  size_t x = 0;
  for (; x + 32 <= columns; x += 32) quantize32(rgb + 3 * x, quantizer, slopes, offsets, out + 3 * x);
  if (x < columns) {
    uint8_t rest[96];
    quantize32(rgb + 3 * x, quantizer, slopes, offsets, rest);
    memcpy(out + 3 * x, rest, 3 * (columns - x));
  }
}
#endif
