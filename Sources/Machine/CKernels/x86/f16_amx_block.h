// SPDX-License-Identifier: Apache-2.0
// The products of f16_conv_amx.c: a block of sums in four tiles, and how they become outputs.
#pragma once

#include "f16_amx_stage.h"

// One block of outputs: up to 64 of one panel, or 32 of two.
typedef struct {
  const rm_float_conv *conv;
  const form *form;
  const uint16_t *const *segments;  // of the run's first output
  ptrdiff_t offset;                 // numbers from its window to that of the block's first
  ptrdiff_t step;   // bytes from an output's window to the next
  ptrdiff_t lower;  // numbers from the upper part of a pixel to the lower
  const uint8_t *weights;
  ptrdiff_t panel_bytes;
  ptrdiff_t pixel;    // the first output
  int channel, channels, pixels;
} block;

// Sums of a block, which become its outputs while the products of the next are under way.
typedef struct {
  _Alignas(64) float sums[2][MOST_TILES][RM_AMX_ROWS * CHANNELS];
  block waiting;
  int turn;    // of the sums that are to be written
  int panels;  // of the block that waits; 0 where none does
} pipeline;

INLINE __m512h limit(float x) {
  return _mm512_castsi512_ph(_mm512_set1_epi16((short)_cvtss_sh(x, _MM_FROUND_TO_NEAREST_INT)));
}

// Limits come after rounding: both keep order, so the result is the same.
INLINE void finish_panels(const pipeline *line, const int panels, const int joins) {
  const block *b = &line->waiting;
  const float(*sums)[RM_AMX_ROWS * CHANNELS] = line->sums[line->turn ^ 1];
  const rm_float_conv *c = b->conv;
  const __m512 low = _mm512_set1_ps(c->low), high = _mm512_set1_ps(c->high);
  const __m512h least = limit(c->low), most = limit(c->high);
  const __mmask32 some = first(b->channels);
  __m512 bias[2];
#pragma unroll
  for (int n = 0; n < panels; n++)
    bias[n] = c->bias ? _mm512_maskz_loadu_ps((__mmask16)(some >> 16 * n), c->bias + b->channel + 16 * n)
                      : _mm512_setzero_ps();
  uint16_t *out = (uint16_t *)c->output + b->pixel * c->out_stride + b->channel;
  const uint16_t *residual = c->residual;
  if (joins) residual += b->pixel * c->residual_stride + b->channel;
  const int rows = b->form->rows;
  const float *row = sums[0];
  int in_tile = 0;
  for (int p = 0; p < b->pixels; p++, out += c->out_stride, row += CHANNELS) {
    if (in_tile++ == rows) {
      sums += panels;
      row = sums[0];
      in_tile = 1;
    }
    __m256i half[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
#pragma unroll
    for (int n = 0; n < panels; n++) {
      __m512 x = _mm512_add_ps(bias[n], _mm512_load_ps(row + n * RM_AMX_ROWS * CHANNELS));
      if (joins) {
        const __m512 y = _mm512_cvtph_ps(_mm256_maskz_loadu_epi16((__mmask16)(some >> 16 * n), residual + 16 * n));
        x = c->add_first ? _mm512_add_ps(x, y) : _mm512_add_ps(_mm512_min_ps(high, _mm512_max_ps(low, x)), y);
      }
      half[n] = _mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    }
    __m512i both = _mm512_inserti64x4(_mm512_castsi256_si512(half[0]), half[1], 1);
    if (!joins || c->add_first)
      both = _mm512_castph_si512(_mm512_min_ph(most, _mm512_max_ph(least, _mm512_castsi512_ph(both))));
    _mm512_mask_storeu_epi16(out, some, both);
    if (joins) residual += c->residual_stride;
  }
}

INLINE void finish(pipeline *line) {
  const int joins = line->panels && line->waiting.conv->residual;
  if (line->panels == 2)
    joins ? finish_panels(line, 2, 1) : finish_panels(line, 2, 0);
  else if (line->panels == 1)
    joins ? finish_panels(line, 1, 1) : finish_panels(line, 1, 0);
  line->panels = 0;
}

#define A(m, part) ((const uint8_t *)(in + (part) * b->lower) + (m) * next)
#define B(n, part) (w + (n) * b->panel_bytes + (part) * tile_bytes)

// The sums of `tiles` tiles of outputs by one panel.
#define ONE_PANEL(tiles, part_in, part_w)            \
  do {                                               \
    _tile_loadd(6, B(0, part_w), RM_AMX_ROW_BYTES);  \
    _tile_loadd(4, A(0, part_in), b->step);          \
    _tile_dpbf16ps(0, 4, 6);                         \
    if ((tiles) > 1) {                               \
      _tile_loadd(5, A(1, part_in), b->step);        \
      _tile_dpbf16ps(1, 5, 6);                       \
    }                                                \
    if ((tiles) > 2) {                               \
      _tile_loadd(4, A(2, part_in), b->step);        \
      _tile_dpbf16ps(2, 4, 6);                       \
    }                                                \
    if ((tiles) > 3) {                               \
      _tile_loadd(5, A(3, part_in), b->step);        \
      _tile_dpbf16ps(3, 5, 6);                       \
    }                                                \
  } while (0)

#define LOAD_IN(tiles, part)                                \
  do {                                                      \
    _tile_loadd(4, A(0, part), b->step);                    \
    if ((tiles) > 1) _tile_loadd(5, A(1, part), b->step);   \
  } while (0)
#define LOAD_WEIGHTS(part)                        \
  do {                                            \
    _tile_loadd(6, B(0, part), RM_AMX_ROW_BYTES); \
    _tile_loadd(7, B(1, part), RM_AMX_ROW_BYTES); \
  } while (0)
#define MULTIPLY(tiles)        \
  do {                         \
    _tile_dpbf16ps(0, 4, 6);   \
    _tile_dpbf16ps(1, 4, 7);   \
    if ((tiles) > 1) {         \
      _tile_dpbf16ps(2, 5, 6); \
      _tile_dpbf16ps(3, 5, 7); \
    }                          \
  } while (0)

INLINE void run_block(pipeline *line, const block *b, const int tiles, const int panels, const int parts) {
  const form *f = b->form;
  const ptrdiff_t tile_bytes = (ptrdiff_t)f->cells * RM_AMX_ROW_BYTES, next = f->rows * b->step;
  const uint8_t *w = b->weights;
  _tile_zero(0);
  if (panels * tiles > 1) _tile_zero(1);
  if (panels * tiles > 2) _tile_zero(2);
  if (panels * tiles > 3) _tile_zero(3);
  for (int s = 0; s < f->segments; s++) {
    for (int t = 0; t < f->tiles; t++, w += parts * tile_bytes) {
      const uint16_t *in = b->segments[s] + b->offset + tile_start(f, t);
      if (panels == 2) {
        LOAD_WEIGHTS(0);
        if (parts == 2) {
          LOAD_IN(tiles, 1);
          MULTIPLY(tiles);
        }
        LOAD_IN(tiles, 0);
        MULTIPLY(tiles);
        if (parts == 2) {
          LOAD_WEIGHTS(1);
          MULTIPLY(tiles);
        }
      } else {
        if (parts == 2) {
          ONE_PANEL(tiles, 1, 0);
          ONE_PANEL(tiles, 0, 1);
        }
        ONE_PANEL(tiles, 0, 0);
      }
    }
  }
  finish(line);
  float(*sums)[RM_AMX_ROWS * CHANNELS] = line->sums[line->turn];
  _tile_stored(0, sums[0], RM_AMX_ROW_BYTES);
  if (panels * tiles > 1) _tile_stored(1, sums[1], RM_AMX_ROW_BYTES);
  if (panels * tiles > 2) _tile_stored(2, sums[2], RM_AMX_ROW_BYTES);
  if (panels * tiles > 3) _tile_stored(3, sums[3], RM_AMX_ROW_BYTES);
  line->waiting = *b;
  line->panels = panels;
  line->turn ^= 1;
}

INLINE void run_one_panel(pipeline *line, const block *b, const int parts) {
  const int rows = b->form->rows;
  if (b->pixels > 3 * rows)
    run_block(line, b, 4, 1, parts);
  else if (b->pixels > 2 * rows)
    run_block(line, b, 3, 1, parts);
  else if (b->pixels > rows)
    run_block(line, b, 2, 1, parts);
  else
    run_block(line, b, 1, 1, parts);
}
