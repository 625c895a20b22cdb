// SPDX-License-Identifier: Apache-2.0
// Bilinear sampling, 32 channels at a time: pairs of neighbours in a row by pmaddubsw, which cannot saturate as
// weights sum to 64 or less (255 * 64 < 2^15), then the two rows by pmaddwd. Scaling weights and the half by one power
// of two does not change a result, so resize takes this path when all its weights are multiples of 1/64, and products
// of 32 bits otherwise.
#if defined(__x86_64__)
#define ISA __attribute__((target("avx2,fma")))
#include "int8_ymm.h"

// The four neighbours of a sample.
typedef struct {
  const uint8_t *upper_left, *upper_right, *lower_left, *lower_right;
} corners;

typedef struct {
  __m256i x, y;  // s8 and s16 pairs: first, second
  __m256i half;
  __m128i shift;
} blend;

// Weights in 1/2^bits, bits up to 6.
INLINE ISA blend make_blend(int32_t x, int32_t y, int32_t bits) {
  const int32_t one = 1 << bits;
  return (blend){_mm256_set1_epi16((int16_t)(x << 8 | (one - x))), _mm256_set1_epi32(y << 16 | (one - y)),
                 _mm256_set1_epi32(1 << (2 * bits - 1)), _mm_cvtsi32_si128(2 * bits)};
}

INLINE ISA __m256i rows_blended(__m256i upper, __m256i lower, const blend *b, int high) {
  const __m256i pairs = high ? _mm256_unpackhi_epi16(upper, lower) : _mm256_unpacklo_epi16(upper, lower);
  return _mm256_srl_epi32(_mm256_add_epi32(_mm256_madd_epi16(pairs, b->y), b->half), b->shift);
}

INLINE ISA void sample(const corners *from, const blend *b, uint8_t *out, ptrdiff_t channels) {
  for (ptrdiff_t c = 0; c < channels; c += 32) {
    const __m256i ul = rm_load32(from->upper_left + c), ur = rm_load32(from->upper_right + c);
    const __m256i ll = rm_load32(from->lower_left + c), lr = rm_load32(from->lower_right + c);
    const __m256i upper_low = _mm256_maddubs_epi16(_mm256_unpacklo_epi8(ul, ur), b->x);
    const __m256i upper_high = _mm256_maddubs_epi16(_mm256_unpackhi_epi8(ul, ur), b->x);
    const __m256i lower_low = _mm256_maddubs_epi16(_mm256_unpacklo_epi8(ll, lr), b->x);
    const __m256i lower_high = _mm256_maddubs_epi16(_mm256_unpackhi_epi8(ll, lr), b->x);
    const __m256i first = _mm256_packs_epi32(rows_blended(upper_low, lower_low, b, 0), rows_blended(upper_low, lower_low, b, 1));
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

INLINE ISA void fine_row(__m256i left, __m256i right, __m256i weights, __m256i out[4]) {
  const __m256i none = _mm256_setzero_si256();
  const __m256i low = _mm256_unpacklo_epi8(left, right), high = _mm256_unpackhi_epi8(left, right);
  out[0] = _mm256_madd_epi16(_mm256_unpacklo_epi8(low, none), weights);
  out[1] = _mm256_madd_epi16(_mm256_unpackhi_epi8(low, none), weights);
  out[2] = _mm256_madd_epi16(_mm256_unpacklo_epi8(high, none), weights);
  out[3] = _mm256_madd_epi16(_mm256_unpackhi_epi8(high, none), weights);
}

INLINE ISA void sample_fine(const corners *from, const fine_blend *b, uint8_t *out, ptrdiff_t channels) {
  const __m256i half = _mm256_set1_epi32(1 << 21);
  for (ptrdiff_t c = 0; c < channels; c += 32) {
    __m256i upper[4], lower[4];
    fine_row(rm_load32(from->upper_left + c), rm_load32(from->upper_right + c), b->x, upper);
    fine_row(rm_load32(from->lower_left + c), rm_load32(from->lower_right + c), b->x, lower);
#pragma unroll
    for (int i = 0; i < 4; i++) {
      const __m256i sum = _mm256_add_epi32(_mm256_mullo_epi32(upper[i], b->upper), _mm256_mullo_epi32(lower[i], b->lower));
      upper[i] = _mm256_srli_epi32(_mm256_add_epi32(sum, half), 22);
    }
    const __m256i first = _mm256_packs_epi32(upper[0], upper[1]), second = _mm256_packs_epi32(upper[2], upper[3]);
    rm_store32(out + c, _mm256_packus_epi16(first, second), channels - c);
  }
}

static int coarse_weights(const rm_int8_tap *taps, int32_t count) {
  int32_t bits = 0;
  for (int32_t i = 0; i < count; i++) bits |= taps[i].weight;
  return bits % 32 == 0;
}

static int32_t below(int32_t a, int32_t b) { return a < b ? a : b; }

ISA void rm_int8_resize__avx2(const rm_int8_resize_call *call, ptrdiff_t row_begin, ptrdiff_t row_end) {
  const int coarse = coarse_weights(call->rows, call->out_rows) && coarse_weights(call->columns, call->out_columns);
  const ptrdiff_t pixel = call->in_pixel, in_row = call->in_columns * pixel;
  for (int32_t row = (int32_t)row_begin; row < row_end; row++) {
    const rm_int8_tap y = call->rows[row];
    const int32_t first = y.first - call->first_row;
    const uint8_t *upper = call->in + first * in_row;
    const uint8_t *lower = call->in + below(first + 1, call->in_rows - 1) * in_row;
    uint8_t *out = call->out + (ptrdiff_t)row * call->out_columns * call->out_pixel;
    for (int32_t column = 0; column < call->out_columns; column++, out += call->out_pixel) {
      const rm_int8_tap x = call->columns[column];
      const ptrdiff_t left = x.first * pixel, right = below(x.first + 1, call->in_columns - 1) * pixel;
      const corners from = {upper + left, upper + right, lower + left, lower + right};
      if (coarse) {
        const blend b = make_blend(x.weight / 32, y.weight / 32, 6);
        sample(&from, &b, out, call->channels);
      } else {
        const fine_blend b = {_mm256_set1_epi32(x.weight << 16 | (2048 - x.weight)), _mm256_set1_epi32(2048 - y.weight),
                              _mm256_set1_epi32(y.weight)};
        sample_fine(&from, &b, out, call->channels);
      }
    }
  }
}

ISA void rm_int8_sample__avx2(const rm_int8_sample_call *call, ptrdiff_t row_begin, ptrdiff_t row_end) {
  const ptrdiff_t pixel = call->source_pixel, source_row = call->source_columns * pixel;
  for (ptrdiff_t at = row_begin * call->columns; at < row_end * call->columns; at++) {
    const uint8_t *point = call->grid + at * call->grid_pixel;
    const int32_t x = call->xs[point[0]], y = call->ys[point[1]], x0 = x >> 6, y0 = y >> 6;
    const ptrdiff_t left = x0 * pixel, right = below(x0 + 1, call->source_columns - 1) * pixel;
    const uint8_t *upper = call->source + y0 * source_row;
    const uint8_t *lower = call->source + below(y0 + 1, call->source_rows - 1) * source_row;
    const corners from = {upper + left, upper + right, lower + left, lower + right};
    const blend b = make_blend(x & 63, y & 63, 6);
    sample(&from, &b, call->out + at * call->out_pixel, call->channels);
  }
}

// Both offsets of a pixel in 1/32 pixel.
typedef struct {
  int32_t x, y;
} offset;

INLINE ISA offset mixed_offset(const rm_int8_warp_call *call, int32_t row, int32_t column) {
  const ptrdiff_t pixel = (ptrdiff_t)row * call->columns + column, step = call->offsets_pixel;
  const uint8_t *at = call->offsets + pixel * step;
  if (!call->scores) return (offset){2 * (at[0] - 128), 2 * (at[1] - 128)};
  uint16_t mask[9];
  rm_int8_weigh(call->scores + pixel * call->scores_pixel, 9, call->table, mask);
  offset sum = {64, 64};
  for (int32_t y = row ? -1 : 0; y <= (row + 1 < call->rows); y++) {
    for (int32_t x = column ? -1 : 0; x <= (column + 1 < call->columns); x++) {
      const uint8_t *neighbour = at + ((ptrdiff_t)y * call->columns + x) * step;
      const int32_t weight = mask[(y + 1) * 3 + x + 1];
      sum.x += weight * (neighbour[0] - 128);
      sum.y += weight * (neighbour[1] - 128);
    }
  }
  return (offset){sum.x >> 7, sum.y >> 7};
}

ISA void rm_int8_warp__avx2(const rm_int8_warp_call *call, ptrdiff_t row_begin, ptrdiff_t row_end) {
  const int32_t bits = call->coarse ? 6 : 5, fraction = (1 << bits) - 1, shift = call->coarse ? 16 : 0;
  const ptrdiff_t pixel = call->source_pixel, source_row = call->source_columns * pixel;
  for (int32_t row = (int32_t)row_begin; row < row_end; row++) {
    uint8_t *out = call->out + (ptrdiff_t)row * call->columns * call->out_pixel;
    for (int32_t column = 0; column < call->columns; column++, out += call->out_pixel) {
      const offset o = mixed_offset(call, row, column);
      const int32_t x = rm_int8_clamp(32 * column + o.x - shift, 0, (call->source_columns - 1) << bits);
      const int32_t y = rm_int8_clamp(32 * row + o.y - shift, 0, (call->source_rows - 1) << bits);
      const int32_t x0 = x >> bits, y0 = y >> bits;
      const ptrdiff_t left = x0 * pixel, right = below(x0 + 1, call->source_columns - 1) * pixel;
      const uint8_t *upper = call->source + y0 * source_row;
      const uint8_t *lower = call->source + below(y0 + 1, call->source_rows - 1) * source_row;
      const corners from = {upper + left, upper + right, lower + left, lower + right};
      const blend b = make_blend(x & fraction, y & fraction, bits);
      sample(&from, &b, out, call->channels);
    }
  }
}
#endif
