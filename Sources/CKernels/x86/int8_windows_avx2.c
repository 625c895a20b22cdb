// SPDX-License-Identifier: Apache-2.0
// 32 channels at a time. Sums are kept in 16 bits for up to 256 cells, then added to 32 bits.
#if defined(__x86_64__)
#define ISA __attribute__((target("avx2,fma")))
#include "int8_ymm.h"

typedef struct {
  int32_t begin, end;
} span;

static span inside(int32_t position, int32_t stride, int32_t pad, int32_t kernel, int32_t count) {
  const int32_t begin = position * stride - pad, end = begin + kernel;
  return (span){begin < 0 ? 0 : begin, end > count ? count : end};
}

ISA void rm_int8_max_pool__avx2(const rm_int8_pool_call *call, ptrdiff_t row_begin, ptrdiff_t row_end) {
  const rm_int8_conv_shape *s = &call->shape;
  for (int32_t row = (int32_t)row_begin; row < row_end; row++) {
    const span ys = inside(row, s->stride_rows, s->pad_top, s->kernel_rows, s->in_rows);
    for (int32_t column = 0; column < s->out_columns; column++) {
      const span xs = inside(column, s->stride_columns, s->pad_left, s->kernel_columns, s->in_columns);
      uint8_t *out = call->out + ((ptrdiff_t)row * s->out_columns + column) * call->out_pixel;
      for (int32_t c = 0; c < s->out_channels; c += 32) {
        __m256i most = _mm256_setzero_si256();
        for (int32_t y = ys.begin; y < ys.end; y++) {
          const uint8_t *in = call->in + ((ptrdiff_t)y * s->in_columns + xs.begin) * call->in_pixel + c;
          for (int32_t x = xs.begin; x < xs.end; x++, in += call->in_pixel) most = _mm256_max_epu8(most, rm_load32(in));
        }
        rm_store32(out + c, most, s->out_channels - c);
      }
    }
  }
}

// Sums of 32 channels, in the order that rm_requantize32 returns to the natural one.
typedef struct {
  __m256i wide[4];
  __m256i low, high;  // 16-bit sums not yet added
  int32_t pending;
} sums;

INLINE ISA void flush(sums *s) {
  const __m256i none = _mm256_setzero_si256();
  s->wide[0] = _mm256_add_epi32(s->wide[0], _mm256_unpacklo_epi16(s->low, none));
  s->wide[1] = _mm256_add_epi32(s->wide[1], _mm256_unpackhi_epi16(s->low, none));
  s->wide[2] = _mm256_add_epi32(s->wide[2], _mm256_unpacklo_epi16(s->high, none));
  s->wide[3] = _mm256_add_epi32(s->wide[3], _mm256_unpackhi_epi16(s->high, none));
  s->low = s->high = none;
  s->pending = 0;
}

INLINE ISA sums start(int32_t value) {
  const __m256i first = _mm256_set1_epi32(value), none = _mm256_setzero_si256();
  return (sums){{first, first, first, first}, none, none, 0};
}

INLINE ISA void gather(sums *s, const uint8_t *in, int32_t count, ptrdiff_t pixel) {
  const __m256i none = _mm256_setzero_si256();
  for (int32_t i = 0; i < count; i++, in += pixel) {
    const __m256i bytes = rm_load32(in);
    s->low = _mm256_add_epi16(s->low, _mm256_unpacklo_epi8(bytes, none));
    s->high = _mm256_add_epi16(s->high, _mm256_unpackhi_epi8(bytes, none));
    if (++s->pending == 256) flush(s);
  }
}

ISA void rm_int8_average_pool__avx2(const rm_int8_pool_call *call, ptrdiff_t row_begin, ptrdiff_t row_end) {
  const rm_int8_conv_shape *s = &call->shape;
  const rm_rule32 rule = rm_make_rule32(call->out_zero, call->low, call->high);
  for (int32_t row = (int32_t)row_begin; row < row_end; row++) {
    const span ys = inside(row, s->stride_rows, s->pad_top, s->kernel_rows, s->in_rows);
    for (int32_t column = 0; column < s->out_columns; column++) {
      const span xs = inside(column, s->stride_columns, s->pad_left, s->kernel_columns, s->in_columns);
      const int32_t cells = (ys.end - ys.begin) * (xs.end - xs.begin);
      const int32_t count = call->count_pads ? s->kernel_rows * s->kernel_columns : cells;
      const rm_multiplier32 m = rm_same_multiplier32(call->ratio / (float)count);
      uint8_t *out = call->out + ((ptrdiff_t)row * s->out_columns + column) * call->out_pixel;
      for (int32_t c = 0; c < s->out_channels; c += 32) {
        sums sum = start(-cells * call->in_zero);
        for (int32_t y = ys.begin; y < ys.end; y++)
          gather(&sum, call->in + ((ptrdiff_t)y * s->in_columns + xs.begin) * call->in_pixel + c, xs.end - xs.begin,
                 call->in_pixel);
        flush(&sum);
        rm_store32(out + c, rm_requantize32(sum.wide, m.each, &rule), s->out_channels - c);
      }
    }
  }
}

ISA void rm_int8_mean__avx2(const rm_int8_mean_call *call, ptrdiff_t begin, ptrdiff_t end) {
  const rm_rule32 rule = rm_make_rule32(call->out_zero, call->low, call->high);
  const rm_multiplier32 m = rm_same_multiplier32(call->multiplier);
  // Runs of pixels that stay in L2 while all channels pass.
  enum { CHANNELS = 256, PIXELS = 256 };
  for (ptrdiff_t first = begin; first < end; first += CHANNELS) {
    const ptrdiff_t last = end - first < CHANNELS ? end : first + CHANNELS;
    sums all[CHANNELS / 32];
    for (ptrdiff_t c = first; c < last; c += 32) all[(c - first) / 32] = start(-call->pixels * call->in_zero);
    for (int32_t p = 0; p < call->pixels; p += PIXELS) {
      const int32_t count = call->pixels - p < PIXELS ? call->pixels - p : PIXELS;
      for (ptrdiff_t c = first; c < last; c += 32) {
        sums *sum = &all[(c - first) / 32];
        gather(sum, call->in + p * call->in_pixel + c, count, call->in_pixel);
        flush(sum);
      }
    }
    for (ptrdiff_t c = first; c < last; c += 32)
      rm_store32(call->out + c, rm_requantize32(all[(c - first) / 32].wide, m.each, &rule), last - c);
  }
}
#endif
