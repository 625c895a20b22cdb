// SPDX-License-Identifier: Apache-2.0
// Element by element, 64 at a time. Of products both factors and their product are whole numbers below 2^24, so floats
// hold them exactly, and the one rounding is that of REQUANTIZE.
#if defined(__x86_64__)
#define TARGET __attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")))
#include "../macros.h"

#include "int8_store_avx512.inc"

INLINE void put(uint8_t *out, __m512i bytes, ptrdiff_t left) {
  if (left >= 64)
    _mm512_storeu_si512(out, bytes);
  else
    _mm512_mask_storeu_epi8(out, ((__mmask64)1 << left) - 1, bytes);
}

TARGET void rm_int8_combine__avx512vnni(const rm_int8_combine_call *call, ptrdiff_t row_begin, ptrdiff_t row_end) {
  rm_int8_combine_expect(call, row_begin, row_end);
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
    for (ptrdiff_t i = 0; i < length; i += 64)
      put(out + i, joined(_mm512_loadu_si512(a + i), _mm512_loadu_si512(b + i), &joint), length - i);
  }
}

INLINE __m512 whole(const uint8_t *at) {
  return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)at)));
}

typedef struct {
  __m512 a_zero, b_zero, multiplier;
  rule512 rule;
} factors;

INLINE void put_product(uint8_t *out, __m512 product[4], const factors *f, ptrdiff_t left) {
UNROLL
  for (int v = 0; v < 4; v++) product[v] = _mm512_mul_ps(product[v], f->multiplier);
  put(out, in_order(stored512(product, &f->rule)), left);
}

INLINE void multiply_same(const uint8_t *a, const uint8_t *b, uint8_t *out, ptrdiff_t length, const factors *f) {
  for (ptrdiff_t i = 0; i < length; i += 64) {
    __m512 product[4];
UNROLL
    for (int v = 0; v < 4; v++)
      product[v] = _mm512_mul_ps(_mm512_sub_ps(whole(a + i + 16 * v), f->a_zero),
                                 _mm512_sub_ps(whole(b + i + 16 * v), f->b_zero));
    put_product(out + i, product, f, length - i);
  }
}

INLINE void multiply_pixel(const uint8_t *a, uint8_t b, uint8_t *out, ptrdiff_t length, const factors *f) {
  const __m512 weight = _mm512_sub_ps(_mm512_set1_ps(b), f->b_zero), shift = _mm512_mul_ps(weight, f->a_zero);
  for (ptrdiff_t i = 0; i < length; i += 64) {
    __m512 product[4];
UNROLL
    for (int v = 0; v < 4; v++) product[v] = _mm512_fmsub_ps(whole(a + i + 16 * v), weight, shift);
    put_product(out + i, product, f, length - i);
  }
}

// Weights of channels, repeated until they fill vectors, and their products with the other factor's zero point.
enum { PATTERN = 1024 };
typedef struct {
  float weight[PATTERN], shift[PATTERN];
} pattern;

INLINE void multiply_channels(const uint8_t *a, const pattern *b, uint8_t *out, ptrdiff_t length,
                                  const factors *f) {
  for (ptrdiff_t i = 0; i < length; i += 64) {
    __m512 product[4];
UNROLL
    for (int v = 0; v < 4; v++)
      product[v] = _mm512_fmsub_ps(whole(a + i + 16 * v), _mm512_loadu_ps(b->weight + i + 16 * v),
                                   _mm512_loadu_ps(b->shift + i + 16 * v));
    put_product(out + i, product, f, length - i);
  }
}

// Whole pixels that fill vectors, where PATTERN holds so many; else 1.
static ptrdiff_t pattern_pixels(int32_t channels) {
  ptrdiff_t pixels = 1;
  while (pixels * channels % 64 != 0) pixels *= 2;
  return pixels * channels <= PATTERN ? pixels : 1;
}

static TARGET void multiply_by_channel(const rm_int8_mul_call *call, const factors *f, ptrdiff_t first,
                                       ptrdiff_t pixels) {
  const int dense = call->a_pixel == call->channels && call->out_pixel == call->channels;
  const ptrdiff_t together = dense ? pattern_pixels(call->channels) : 1;
  pattern b;
  for (int32_t begin = 0; begin < call->channels; begin += PATTERN) {
    const int32_t channels = call->channels - begin < PATTERN ? call->channels - begin : PATTERN;
    const ptrdiff_t length = channels * together;
    for (ptrdiff_t i = 0; i < length; i++) {
      b.weight[i] = (float)(call->b[begin + i % channels] - call->b_zero);
      b.shift[i] = b.weight[i] * (float)call->a_zero;
    }
    for (ptrdiff_t p = first; p < first + pixels; p += together) {
      const ptrdiff_t left = (first + pixels - p) * channels;
      multiply_channels(call->a + p * call->a_pixel + begin, &b, call->out + p * call->out_pixel + begin,
                        left < length ? left : length, f);
    }
  }
}

TARGET void rm_int8_mul__avx512vnni(const rm_int8_mul_call *call, ptrdiff_t row_begin, ptrdiff_t row_end) {
  rm_int8_mul_expect(call, row_begin, row_end);
  // 255 * 255 * 2^15 is below 2^31.
  const factors f = {_mm512_set1_ps((float)call->a_zero), _mm512_set1_ps((float)call->b_zero),
                     _mm512_set1_ps(call->multiplier),
                     make_rule512(call->out_zero, call->low, call->high, call->multiplier < 0x1p15f)};
  const ptrdiff_t first = row_begin * call->columns, pixels = (row_end - row_begin) * call->columns;
  if (call->b_shape == RM_INT8_CHANNELS) {
    multiply_by_channel(call, &f, first, pixels);
    return;
  }
  const int dense = call->b_shape == RM_INT8_SAME && call->a_pixel == call->channels &&
                    call->b_pixel == call->channels && call->out_pixel == call->channels;
  const ptrdiff_t count = dense ? pixels > 0 : pixels, length = dense ? pixels * call->channels : call->channels;
  for (ptrdiff_t p = first; p < first + count; p++) {
    const uint8_t *a = call->a + p * call->a_pixel, *b = call->b + p * call->b_pixel;
    uint8_t *out = call->out + p * call->out_pixel;
    if (call->b_shape == RM_INT8_PIXELS)
      multiply_pixel(a, *b, out, length, &f);
    else
      multiply_same(a, b, out, length, &f);
  }
}
#endif
