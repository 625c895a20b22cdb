// SPDX-License-Identifier: Apache-2.0
// Bilinear sampling, 32 channels at a time: pairs of neighbours in a row by pmaddubsw, which cannot saturate as
// weights sum to 64 or less (255 * 64 < 2^15), then the two rows by pmaddwd. Scaling weights and the half by one power
// of two does not change a result, so resize takes this path when all its weights are multiples of 1/64, and products
// of 32 bits otherwise.
#if defined(__x86_64__)
#define TARGET __attribute__((target("avx2,fma")))
#include "../macros.h"
#include "int8_ymm.inc"

typedef struct {
  __m256i x, y;  // s8 and s16 pairs: first, second
  __m256i half;
  __m128i shift;
} blend;

// Weights in 1/2^bits, bits up to 6.
INLINE blend make_blend(int32_t x, int32_t y, int32_t bits) {
  const int32_t one = 1 << bits;
  return (blend){_mm256_set1_epi16((int16_t)(x << 8 | (one - x))), _mm256_set1_epi32(y << 16 | (one - y)),
                 _mm256_set1_epi32(1 << (2 * bits - 1)), _mm_cvtsi32_si128(2 * bits)};
}

INLINE __m256i rows_blended(__m256i upper, __m256i lower, const blend *b, int high) {
  const __m256i pairs = high ? _mm256_unpackhi_epi16(upper, lower) : _mm256_unpacklo_epi16(upper, lower);
  return _mm256_srl_epi32(_mm256_add_epi32(_mm256_madd_epi16(pairs, b->y), b->half), b->shift);
}

INLINE void sample(const rm_int8_corners *from, const blend *b, uint8_t *out, ptrdiff_t channels) {
  for (ptrdiff_t c = 0; c < channels; c += 32) {
    const __m256i ul = rm_load32(from->upper_left + c), ur = rm_load32(from->upper_right + c);
    const __m256i ll = rm_load32(from->lower_left + c), lr = rm_load32(from->lower_right + c);
    const __m256i upper_low = _mm256_maddubs_epi16(_mm256_unpacklo_epi8(ul, ur), b->x);
    const __m256i upper_high = _mm256_maddubs_epi16(_mm256_unpackhi_epi8(ul, ur), b->x);
    const __m256i lower_low = _mm256_maddubs_epi16(_mm256_unpacklo_epi8(ll, lr), b->x);
    const __m256i lower_high = _mm256_maddubs_epi16(_mm256_unpackhi_epi8(ll, lr), b->x);
    const __m256i first = _mm256_packs_epi32(rows_blended(upper_low, lower_low, b, 0),
                                             rows_blended(upper_low, lower_low, b, 1));
    const __m256i second =
        _mm256_packs_epi32(rows_blended(upper_high, lower_high, b, 0), rows_blended(upper_high, lower_high, b, 1));
    rm_store32(out + c, _mm256_packus_epi16(first, second), channels - c);
  }
}

// Weights in 1/2048, of pairs in a row and of the two rows.
typedef struct {
  __m256i x;           // s16 pairs
  __m256i upper, lower;
} fine_blend;

INLINE fine_blend make_fine_blend(int32_t x, int32_t y) {
  return (fine_blend){_mm256_set1_epi32(x << 16 | (2048 - x)), _mm256_set1_epi32(2048 - y), _mm256_set1_epi32(y)};
}

INLINE void fine_row(__m256i left, __m256i right, __m256i weights, __m256i out[4]) {
  const __m256i none = _mm256_setzero_si256();
  const __m256i low = _mm256_unpacklo_epi8(left, right), high = _mm256_unpackhi_epi8(left, right);
  out[0] = _mm256_madd_epi16(_mm256_unpacklo_epi8(low, none), weights);
  out[1] = _mm256_madd_epi16(_mm256_unpackhi_epi8(low, none), weights);
  out[2] = _mm256_madd_epi16(_mm256_unpacklo_epi8(high, none), weights);
  out[3] = _mm256_madd_epi16(_mm256_unpackhi_epi8(high, none), weights);
}

INLINE void sample_fine(const rm_int8_corners *from, const fine_blend *b, uint8_t *out, ptrdiff_t channels) {
  const __m256i half = _mm256_set1_epi32(1 << 21);
  for (ptrdiff_t c = 0; c < channels; c += 32) {
    __m256i upper[4], lower[4];
    fine_row(rm_load32(from->upper_left + c), rm_load32(from->upper_right + c), b->x, upper);
    fine_row(rm_load32(from->lower_left + c), rm_load32(from->lower_right + c), b->x, lower);
UNROLL
    for (int i = 0; i < 4; i++) {
      const __m256i sum = _mm256_add_epi32(_mm256_mullo_epi32(upper[i], b->upper),
                                           _mm256_mullo_epi32(lower[i], b->lower));
      upper[i] = _mm256_srli_epi32(_mm256_add_epi32(sum, half), 22);
    }
    const __m256i first = _mm256_packs_epi32(upper[0], upper[1]), second = _mm256_packs_epi32(upper[2], upper[3]);
    rm_store32(out + c, _mm256_packus_epi16(first, second), channels - c);
  }
}

#include "../vector/int8_geometry.inc"

RM_DEFINE_KERNEL(rm_int8_resize__avx2, int8_resize, resize_kernel)
RM_DEFINE_KERNEL(rm_int8_sample__avx2, int8_sample, sample_kernel)
RM_DEFINE_KERNEL(rm_int8_warp__avx2, int8_warp, warp_kernel)
#endif
