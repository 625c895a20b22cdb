// SPDX-License-Identifier: Apache-2.0
// Convolution over packed weights, for the vector vocabulary included before.
//
// The idea: no patch matrix. For the 48 pixels of a unit a table of pointers says where each tap of each pixel
// lies (a row of zeros where it lies outside). A register tile holds ROWS pixels by PANELS vectors of output
// channels; for each tap and input channel it takes PANELS vectors of weights and multiplies them with one
// broadcast value for each pixel. Accumulators, weights and broadcast fill the register file (16 or 32).
// Panels of a group are walked outside the pixels, so weights stay in the nearest cache. Pixels behind the last
// repeat it and are not stored; channels behind the last have zero weights and are masked off.
//
// An output is one chain of fused multiply-adds in the order taps, input channels, begun at the bias, whatever
// the tile it falls in: tiles decide speed, never bits.
#pragma once

#include "f32_kernels.h"

typedef struct {
  const float *const *rows;  // [taps][RM_F32_CONV_TILE]
  int taps;
  int depth;             // input channels of the group
  const float *weights;  // first panel
  ptrdiff_t panel_step;  // floats from a panel to the next
  const float *bias;     // of the first channel, or NULL
  const float *residual;
  float *output;
  ptrdiff_t out_stride, residual_stride;
  int channels;  // 1 to PANELS * WIDTH
  int pixels;    // 1 to ROWS
  int add_first;
  float low, high;
} tile;

#define DEFINE_TILE(ROWS, PANELS)                                                                                \
  TARGET static void tile_##ROWS##x##PANELS(const tile *t) {                                                     \
    vec sum[ROWS][PANELS];                                                                                       \
    const mask last = m_first(t->channels - (PANELS - 1) * WIDTH);                                               \
    UNROLL for (int p = 0; p < PANELS; p++) {                                                                    \
      vec bias = v_all(0);                                                                                       \
      if (t->bias) bias = p == PANELS - 1 ? v_load_some(t->bias + p * WIDTH, last) : v_load(t->bias + p * WIDTH); \
      UNROLL for (int r = 0; r < ROWS; r++) sum[r][p] = bias;                                                    \
    }                                                                                                            \
    const float *weights = t->weights;                                                                           \
    const ptrdiff_t step = t->panel_step;                                                                        \
    const float *const *rows = t->rows;                                                                          \
    for (int tap = 0; tap < t->taps; tap++, rows += RM_F32_CONV_TILE) {                                          \
      const float *in[ROWS];                                                                                     \
      UNROLL for (int r = 0; r < ROWS; r++) in[r] = rows[r];                                                     \
      const ptrdiff_t depth = t->depth;                                                                          \
      _Pragma("clang loop unroll_count(2)") for (ptrdiff_t k = 0; k < depth; k++) {                              \
        vec w[PANELS];                                                                                           \
        UNROLL for (int p = 0; p < PANELS; p++) w[p] = v_load(weights + p * step);                               \
        UNROLL for (int r = 0; r < ROWS; r++) {                                                                  \
          const vec x = v_all(in[r][k]);                                                                         \
          UNROLL for (int p = 0; p < PANELS; p++) sum[r][p] = v_fma(x, w[p], sum[r][p]);                         \
        }                                                                                                        \
        weights += WIDTH;                                                                                        \
      }                                                                                                          \
    }                                                                                                            \
    const vec low = v_all(t->low), high = v_all(t->high);                                                        \
    UNROLL for (int r = 0; r < ROWS; r++) {                                                                      \
      if (r >= t->pixels) break;                                                                                 \
      float *out = t->output + r * t->out_stride;                                                                \
      UNROLL for (int p = 0; p < PANELS; p++) {                                                                  \
        vec x = sum[r][p];                                                                                       \
        if (t->residual) {                                                                                       \
          const float *other = t->residual + r * t->residual_stride + p * WIDTH;                                 \
          const vec y = p == PANELS - 1 ? v_load_some(other, last) : v_load(other);                              \
          x = t->add_first ? limited(v_add(x, y), low, high) : v_add(limited(x, low, high), y);                  \
        } else {                                                                                                 \
          x = limited(x, low, high);                                                                             \
        }                                                                                                        \
        if (p == PANELS - 1)                                                                                     \
          v_store_some(out + p * WIDTH, last, x);                                                                \
        else                                                                                                     \
          v_store(out + p * WIDTH, x);                                                                           \
      }                                                                                                          \
    }                                                                                                            \
  }

#if WIDTH == 16
DEFINE_TILE(12, 1)
DEFINE_TILE(12, 2)
DEFINE_TILE(8, 3)
DEFINE_TILE(6, 4)
#else
DEFINE_TILE(12, 1)
DEFINE_TILE(6, 2)
#endif

typedef struct {
  void (*run)(const tile *);
  int rows, panels;
} shape;

// The register tile for what is left of a group's panels.
static shape shape_for(int panels) {
#if WIDTH == 16
  if (panels == 1) return (shape){tile_12x1, 12, 1};
  if (panels == 2) return (shape){tile_12x2, 12, 2};
  if (panels % 4 == 0) return (shape){tile_6x4, 6, 4};
  if (panels % 3 == 0 || panels > 4) return (shape){tile_8x3, 8, 3};
  return (shape){tile_12x2, 12, 2};
#else
  if (panels == 1) return (shape){tile_12x1, 12, 1};
  return (shape){tile_6x2, 6, 2};
#endif
}

static const float conv_zeros[RM_F32_CONV_DEPTH];

// Where each tap of each pixel of the unit lies.
static void point(const rm_f32_conv *c, ptrdiff_t first, int pixels, int group_channel, const float **rows) {
  int column = (int)(first % c->out_columns);
  int row = (int)(first / c->out_columns % c->out_rows);
  ptrdiff_t picture = first / c->out_columns / c->out_rows;
  for (int pixel = 0; pixel < RM_F32_CONV_TILE; pixel++) {
    const float **to = rows + pixel;
    const float *base = c->input + picture * c->in_rows * c->in_columns * c->in_stride + group_channel;
    const int top = row * c->stride_rows - c->pad_top, left = column * c->stride_columns - c->pad_left;
    for (int i = 0; i < c->kernel_rows; i++) {
      const int y = top + i * c->dilation_rows;
      const int inside = y >= 0 && y < c->in_rows;
      for (int j = 0; j < c->kernel_columns; j++, to += RM_F32_CONV_TILE) {
        const int x = left + j * c->dilation_columns;
        *to = inside && x >= 0 && x < c->in_columns ? base + ((ptrdiff_t)y * c->in_columns + x) * c->in_stride : conv_zeros;
      }
    }
    if (pixel >= pixels - 1) continue;
    if (++column == c->out_columns) {
      column = 0;
      if (++row == c->out_rows) {
        row = 0;
        picture++;
      }
    }
  }
}

TARGET void JOIN(rm_f32_conv__, ISA)(const rm_f32_conv *c, ptrdiff_t begin, ptrdiff_t end) {
  const ptrdiff_t all = (ptrdiff_t)c->batch * c->out_rows * c->out_columns;
  const int taps = c->kernel_rows * c->kernel_columns;
  const int in_group = c->in_channels / c->groups, out_group = c->out_channels / c->groups;
  const int panels = (out_group + WIDTH - 1) / WIDTH;
  const ptrdiff_t panel_step = (ptrdiff_t)taps * in_group * WIDTH;
  const float *rows[RM_F32_CONV_TAPS * RM_F32_CONV_TILE];
  for (ptrdiff_t unit = begin; unit < end; unit++) {
    const ptrdiff_t first = unit * RM_F32_CONV_TILE;
    const int pixels = (int)(all - first < RM_F32_CONV_TILE ? all - first : RM_F32_CONV_TILE);
    for (int group = 0; group < c->groups; group++) {
      point(c, first, pixels, group * in_group, rows);
      for (int panel = 0; panel < panels;) {
        const shape s = shape_for(panels - panel);
        const int channel = group * out_group + panel * WIDTH, left = out_group - panel * WIDTH;
        tile t = {
            .taps = taps,
            .depth = in_group,
            .weights = c->weights + ((ptrdiff_t)group * panels + panel) * panel_step,
            .panel_step = panel_step,
            .bias = c->bias ? c->bias + channel : NULL,
            .out_stride = c->out_stride,
            .residual_stride = c->residual_stride,
            .channels = left < s.panels * WIDTH ? left : s.panels * WIDTH,
            .add_first = c->add_first,
            .low = c->low,
            .high = c->high,
        };
        for (int pixel = 0; pixel < pixels; pixel += s.rows) {
          t.rows = rows + pixel;
          t.pixels = pixels - pixel < s.rows ? pixels - pixel : s.rows;
          t.output = c->output + (first + pixel) * c->out_stride + channel;
          t.residual = c->residual ? c->residual + (first + pixel) * c->residual_stride + channel : NULL;
          s.run(&t);
        }
        panel += s.panels;
      }
    }
  }
}
