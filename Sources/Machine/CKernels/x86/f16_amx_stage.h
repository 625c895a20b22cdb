// SPDX-License-Identifier: Apache-2.0
// The stage of f16_conv_amx.c: rows of the input as bf16.
#pragma once

#include "f16_amx_form.h"

INLINE __m512 widened(__m256i bf16) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bf16), 16));
}

// 32 halves as bf16; what they leave over goes `lower` numbers behind.
INLINE void stage_vector(__m512i halves, uint16_t *out, __mmask32 some, ptrdiff_t lower, const int parts) {
  const __m512 a = _mm512_cvtph_ps(_mm512_castsi512_si256(halves));
  const __m512 b = _mm512_cvtph_ps(_mm512_extracti64x4_epi64(halves, 1));
  const __m512i upper = (__m512i)_mm512_cvtne2ps_pbh(b, a);
  _mm512_mask_storeu_epi16(out, some, upper);
  if (parts == 1) return;
  const __m512 c = _mm512_sub_ps(a, widened(_mm512_castsi512_si256(upper)));
  const __m512 d = _mm512_sub_ps(b, widened(_mm512_extracti64x4_epi64(upper, 1)));
  _mm512_mask_storeu_epi16(out + lower, some, (__m512i)_mm512_cvtne2ps_pbh(d, c));
}

INLINE __mmask32 first(ptrdiff_t count) { return count >= TERMS ? ~0u : count <= 0 ? 0 : (1u << count) - 1; }

// `pixels` pixels side by side, to `pitch` numbers each.
INLINE void stage_pixels(const uint16_t *in, ptrdiff_t stride, ptrdiff_t pixels, int channels, int pitch,
                         uint16_t *out, ptrdiff_t lower, const int parts) {
  if (stride == channels && pitch == channels) {
    const ptrdiff_t count = pixels * channels;
    ptrdiff_t i = 0;
    for (; i + TERMS <= count; i += TERMS) stage_vector(_mm512_loadu_si512(in + i), out + i, ~0u, lower, parts);
    const __mmask32 some = first(count - i);
    if (some) stage_vector(_mm512_maskz_loadu_epi16(some, in + i), out + i, some, lower, parts);
    return;
  }
  if (stride == channels && TERMS % pitch == 0) {
    // A zero behind each pixel, several pixels at a time.
    const __mmask32 odd = pitch == 2 ? 0x55555555 : pitch == 4 ? 0x77777777 : pitch == 8 ? 0x7f7f7f7f
                          : pitch == 16 ? 0x7fff7fff : 0x7fffffff;
    const int each = TERMS / pitch;
    for (ptrdiff_t i = 0; i < pixels; i += each) {
      const ptrdiff_t left = pixels - i < each ? pixels - i : each;
      const __m512i packed = _mm512_maskz_loadu_epi16(first(left * channels), in + i * channels);
      stage_vector(_mm512_maskz_expand_epi16(odd, packed), out + i * pitch, first(left * pitch), lower, parts);
    }
    return;
  }
  for (ptrdiff_t i = 0; i < pixels; i++, in += stride, out += pitch)
    for (int k = 0; k < pitch; k += TERMS)
      stage_vector(_mm512_maskz_loadu_epi16(first(channels - k), in + k), out + k, first(pitch - k), lower, parts);
}

// The window on the stage.
typedef struct {
  uint16_t *numbers;
  ptrdiff_t row_numbers;  // of a staged row
  ptrdiff_t lower;
  int first_column;       // of the input, may be left of it
  int columns;
  ptrdiff_t held[RM_FLOAT_CONV_TAPS];  // the row of the input in each place, or -1
} stage;

// The place of a row of the window; `row` counts from the top of the picture and may lie outside.
INLINE const uint16_t *staged_row(const rm_float_conv *c, const form *f, stage *s, ptrdiff_t picture, int row, int place,
                                  int group_channel, const int parts) {
  uint16_t *to = s->numbers + place * s->row_numbers;
  const int inside = row >= 0 && row < c->in_rows;
  const ptrdiff_t line = picture * c->in_rows + row;
  if (inside && s->held[place] == line) return to;
  s->held[place] = inside ? line : -1;
  int low = 0, high = s->columns;
  if (inside) {
    low = s->first_column < 0 ? -s->first_column : 0;
    if (low > s->columns) low = s->columns;
    high = c->in_columns - s->first_column;
    if (high > s->columns) high = s->columns;
    if (high < low) high = low;
  } else {
    low = high = s->columns;
  }
  for (int part = 0; part < parts; part++) {
    uint16_t *at = to + part * s->lower;
    memset(at, 0, (size_t)(low * f->pitch) * sizeof *at);
    memset(at + high * f->pitch, 0, (size_t)((s->columns - high) * f->pitch) * sizeof *at);
  }
  const ptrdiff_t pixel = line * c->in_columns + s->first_column + low;
  if (high > low)
    stage_pixels((const uint16_t *)c->input + pixel * c->in_stride + group_channel, c->in_stride, high - low,
                 c->in_channels / c->groups, f->pitch, to + low * f->pitch, s->lower, parts);
  return to;
}
