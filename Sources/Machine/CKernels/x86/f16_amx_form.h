// SPDX-License-Identifier: Apache-2.0
// How the weights of f16_conv_amx.c are cut into tiles and packed.
#pragma once

#include <string.h>

#include "../float_kernels.h"
#include "amx.h"

#define TARGET                                                                                              \
  __attribute__((target("amx-tile,amx-bf16,avx512fp16,avx512bf16,avx512vbmi2,avx512f,avx512bw,avx512dq," \
                        "avx512vl,avx2,fma,f16c")))
#define INLINE TARGET static inline __attribute__((always_inline))

enum {
  TERMS = 32,    // numbers in a row of a tile
  CHANNELS = 16, // of a panel of weights
  MOST_TILES = 4,
  STAGE = 2 * RM_FLOAT_CONV_STAGE,
  LONGEST_STRIP = 256,
};

// How a shape's weights are cut into tiles.
typedef struct {
  int pitch;     // numbers of a staged pixel: channels of a group, and a zero where they are odd
  int segments;  // runs of numbers in a window
  int span;      // numbers of each
  int tiles;     // of a segment
  int cells;     // rows of a tile of weights: pairs of numbers
  int panels;    // of a group
  int rows;      // outputs in a tile
} form;

static form form_of(const rm_float_conv *c) {
  form f = {.rows = RM_AMX_ROWS};
  f.pitch = (c->in_channels / c->groups + 1) & ~1;
  const int joined = c->kernel_columns == 1 || c->dilation_columns == 1;
  f.segments = joined ? c->kernel_rows : c->kernel_rows * c->kernel_columns;
  f.span = joined ? c->kernel_columns * f.pitch : f.pitch;
  f.tiles = (f.span + TERMS - 1) / TERMS;
  f.cells = (f.span < TERMS ? f.span : TERMS) / 2;
  f.panels = (c->out_channels / c->groups + CHANNELS - 1) / CHANNELS;
  return f;
}

// The first number of a tile of a segment.
static int tile_start(const form *f, int tile) {
  return f->span > TERMS && (tile + 1) * TERMS > f->span ? f->span - TERMS : tile * TERMS;
}

static ptrdiff_t panel_bytes(const form *f, int parts) {
  return (ptrdiff_t)f->segments * f->tiles * parts * f->cells * RM_AMX_ROW_BYTES;
}

static size_t packed_bytes(const rm_float_conv *c, int parts) {
  const form f = form_of(c);
  return (size_t)(c->groups * f.panels * panel_bytes(&f, parts));
}

// [groups][panels][segments][tiles][parts][cells][CHANNELS][2]
static void pack(const rm_float_conv *c, const float *weights, uint16_t *out, int parts) {
  const form f = form_of(c);
  const int in_group = c->in_channels / c->groups, out_group = c->out_channels / c->groups;
  const int taps = c->kernel_rows * c->kernel_columns, taps_each = taps / f.segments;
  for (int panel = 0; panel < c->groups * f.panels; panel++) {
    const int group = panel / f.panels, first = panel % f.panels * CHANNELS;
    for (int segment = 0; segment < f.segments; segment++) {
      for (int tile = 0; tile < f.tiles; tile++) {
        for (int part = 0; part < parts; part++) {
          for (int cell = 0; cell < f.cells * CHANNELS * 2; cell++) {
            const int channel = first + cell / 2 % CHANNELS;
            const int k = tile_start(&f, tile) + cell / (2 * CHANNELS) * 2 + cell % 2;
            const int tap = segment * taps_each + k / f.pitch, in = k % f.pitch;
            float x = 0;
            if (channel < out_group && in < in_group && k >= tile * TERMS)
              x = weights[((ptrdiff_t)(group * out_group + channel) * taps + tap) * in_group + in];
            uint16_t upper;
            if (parts == 2) rm_float_to_halves(&x, &upper, 1), rm_float_from_halves(&upper, &x, 1);
            rm_float_to_bf16(&x, &upper, 1);
            if (part == 1) {
              const uint32_t bits = (uint32_t)upper << 16;
              float whole;
              memcpy(&whole, &bits, sizeof whole);
              x -= whole;
              rm_float_to_bf16(&x, &upper, 1);
            }
            *out++ = upper;
          }
        }
      }
    }
  }
}
