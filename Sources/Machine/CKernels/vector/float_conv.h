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
// Halves that are computed as floats are widened once for a unit, each pixel under its windows one time; weights
// are widened as they are loaded, beside the multiply-adds.
//
// An output is one chain of fused multiply-adds in the order taps, input channels, begun at the bias, whatever
// the tile it falls in: tiles decide speed, never bits.
#pragma once

#include "float_kernels.h"

#if PAIRS
enum { TERMS = 2 };
#else
// What a step of a sum multiplies: TERMS input channels of a pixel, by as many of each output channel's weights.
enum { TERMS = 1 };
typedef lane cell;
typedef vec term;
INLINE term t_cell(const cell *p) { return v_lane(p); }
INLINE term t_weights(const element *p) { return v_get(p); }
INLINE vec t_fma(term a, term b, vec c) { return v_fma(a, b, c); }
#endif

#define STAGED (HALF && !NATIVE)

typedef struct {
  const cell *const *rows;  // [taps][RM_FLOAT_CONV_TILE]
  int taps;
  int depth;               // cells of a group's input channels
  const element *weights;  // first panel
  ptrdiff_t panel_step;    // elements from a panel to the next
  const float *bias;       // of the first channel, or NULL
  const element *residual;
  element *output;
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
      if (t->bias) bias = p == PANELS - 1 ? v_floats_some(t->bias + p * WIDTH, last) : v_floats(t->bias + p * WIDTH);\
      UNROLL for (int r = 0; r < ROWS; r++) sum[r][p] = bias;                                                    \
    }                                                                                                            \
    const element *weights = t->weights;                                                                         \
    const ptrdiff_t step = t->panel_step;                                                                        \
    const cell *const *rows = t->rows;                                                                           \
    for (int tap = 0; tap < t->taps; tap++, rows += RM_FLOAT_CONV_TILE) {                                          \
      const cell *in[ROWS];                                                                                      \
      UNROLL for (int r = 0; r < ROWS; r++) in[r] = rows[r];                                                     \
      const ptrdiff_t depth = t->depth;                                                                          \
      UNROLL2 for (ptrdiff_t k = 0; k < depth; k++) {                                                            \
        term w[PANELS];                                                                                          \
        UNROLL for (int p = 0; p < PANELS; p++) w[p] = t_weights(weights + p * step);                            \
        UNROLL for (int r = 0; r < ROWS; r++) {                                                                  \
          const term x = t_cell(in[r] + k);                                                                      \
          UNROLL for (int p = 0; p < PANELS; p++) sum[r][p] = t_fma(x, w[p], sum[r][p]);                         \
        }                                                                                                        \
        weights += TERMS * WIDTH;                                                                                \
      }                                                                                                          \
    }                                                                                                            \
    const vec low = v_all(t->low), high = v_all(t->high);                                                        \
    UNROLL for (int r = 0; r < ROWS; r++) {                                                                      \
      if (r >= t->pixels) break;                                                                                 \
      element *out = t->output + r * t->out_stride;                                                              \
      UNROLL for (int p = 0; p < PANELS; p++) {                                                                  \
        vec x = sum[r][p];                                                                                       \
        if (t->residual) {                                                                                       \
          const element *other = t->residual + r * t->residual_stride + p * WIDTH;                               \
          const vec y = p == PANELS - 1 ? v_get_some(other, last) : v_get(other);                                \
          x = t->add_first ? limited(v_add(x, y), low, high) : v_add(limited(x, low, high), y);                  \
        } else {                                                                                                 \
          x = limited(x, low, high);                                                                             \
        }                                                                                                        \
        if (p == PANELS - 1)                                                                                     \
          v_put_some(out + p * WIDTH, last, x);                                                                  \
        else                                                                                                     \
          v_put(out + p * WIDTH, x);                                                                             \
      }                                                                                                          \
    }                                                                                                            \
  }

#if REGISTERS == 32
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
#if REGISTERS == 32
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

size_t NAME(conv_packed_bytes)(const rm_float_conv *c) {
  return rm_float_panels_count(c, WIDTH, TERMS) * sizeof(element);
}

void NAME(conv_pack)(const rm_float_conv *c, const float *weights, void *packed) {
  rm_float_panels_pack(c, WIDTH, TERMS, TERMS == 2 ? RM_PACK_BF16 : HALF ? RM_PACK_HALVES : RM_PACK_FLOATS, weights,
                      packed);
}

static const cell conv_zeros[RM_FLOAT_CONV_DEPTH];

#if PAIRS
// `pixels` runs of `depth` elements to cells; an odd last one has a zero beside it. Writes up to a vector behind.
TARGET static void widen(const element *in, ptrdiff_t stride, int pixels, ptrdiff_t depth, cell *out) {
  if (stride == depth && depth % TERMS == 0) {
    depth *= pixels;
    pixels = 1;
  }
  for (int pixel = 0; pixel < pixels; pixel++, in += stride, out += (depth + 1) / TERMS)
    for (ptrdiff_t i = 0; i < depth; i += WIDTH)
      t_narrow(in + i, m_first(depth - i < WIDTH ? (int)(depth - i) : WIDTH), out + i / TERMS);
}
#elif STAGED
// `pixels` runs of `depth` elements to cells without gaps.
TARGET static void widen(const element *in, ptrdiff_t stride, int pixels, ptrdiff_t depth, cell *out) {
  if (stride == depth) {
    depth *= pixels;
    pixels = 1;
  }
  for (int pixel = 0; pixel < pixels; pixel++, in += stride, out += depth) {
    ptrdiff_t i = 0;
    for (; i + WIDTH <= depth; i += WIDTH) v_store(out + i, v_get(in + i));
    for (; i < depth; i++) out[i] = get(in[i]);
  }
}
#endif

// Where each tap of `pixels` outputs from `first` on lies: for each piece of a row of outputs and each row of the
// window, the columns from `low` to `high` are in memory side by side, in the input itself or on the stage.
TARGET static void point(const rm_float_conv *c, ptrdiff_t first, int pixels, int group_channel, cell *stage,
                         const cell **rows) {
  const ptrdiff_t depth = c->in_channels / c->groups;
  int column = (int)(first % c->out_columns), done = 0;
  ptrdiff_t line = first / c->out_columns;
  while (done < pixels) {
    const int run = least(pixels - done, c->out_columns - column);
    const int top = (int)(line % c->out_rows) * c->stride_rows - c->pad_top;
    const int left = column * c->stride_columns - c->pad_left;
    const int low = most(left, 0);
    const int high =
        least(left + (run - 1) * c->stride_columns + (c->kernel_columns - 1) * c->dilation_columns, c->in_columns - 1);
    const ptrdiff_t picture = line / c->out_rows * c->in_rows;
    for (int i = 0; i < c->kernel_rows; i++) {
      const int y = top + i * c->dilation_rows;
      const cell *from = NULL;
      ptrdiff_t step = c->in_stride;
      if (y >= 0 && y < c->in_rows && low <= high) {
        const element *in =
            (const element *)c->input + ((picture + y) * c->in_columns + low) * c->in_stride + group_channel;
#if STAGED
        widen(in, c->in_stride, high - low + 1, depth, stage);
        from = stage;
        step = (depth + TERMS - 1) / TERMS;
        stage += (high - low + 1) * step;
#else
        (void)stage, (void)depth;
        from = in;
#endif
      }
      for (int j = 0; j < c->kernel_columns; j++) {
        const cell **to = rows + (i * c->kernel_columns + j) * RM_FLOAT_CONV_TILE + done;
        int x = left + j * c->dilation_columns;
        for (int pixel = 0; pixel < run; pixel++, x += c->stride_columns)
          to[pixel] = from && x >= low && x <= high ? from + (x - low) * step : conv_zeros;
      }
    }
    done += run;
    column = 0;
    line++;
  }
  const int taps = c->kernel_rows * c->kernel_columns;
  for (const cell **to = rows; to < rows + taps * RM_FLOAT_CONV_TILE; to += RM_FLOAT_CONV_TILE)
    for (int pixel = pixels; pixel < RM_FLOAT_CONV_TILE; pixel++) to[pixel] = to[pixels - 1];
}

TARGET void NAME(conv)(const rm_float_conv *c, ptrdiff_t begin, ptrdiff_t end) {
  const ptrdiff_t all = (ptrdiff_t)c->batch * c->out_rows * c->out_columns;
  const int taps = c->kernel_rows * c->kernel_columns;
  const int in_group = c->in_channels / c->groups, out_group = c->out_channels / c->groups;
  const int panels = (out_group + WIDTH - 1) / WIDTH;
  const int depth = (in_group + TERMS - 1) / TERMS;
  const ptrdiff_t panel_step = (ptrdiff_t)taps * depth * TERMS * WIDTH;
  const cell *rows[RM_FLOAT_CONV_TAPS * RM_FLOAT_CONV_TILE];
#if STAGED
  cell stage[RM_FLOAT_CONV_STAGE + WIDTH];
  const int chunk = rm_float_conv_chunk(c);
#else
  cell *stage = NULL;
  const int chunk = RM_FLOAT_CONV_TILE;
#endif
  const ptrdiff_t last = end * RM_FLOAT_CONV_TILE < all ? end * RM_FLOAT_CONV_TILE : all;
  for (ptrdiff_t first = begin * RM_FLOAT_CONV_TILE; first < last; first += chunk) {
    const int pixels = (int)(last - first < chunk ? last - first : chunk);
    for (int group = 0; group < c->groups; group++) {
      point(c, first, pixels, group * in_group, stage, rows);
      for (int panel = 0; panel < panels;) {
        const shape s = shape_for(panels - panel);
        const int channel = group * out_group + panel * WIDTH, left = out_group - panel * WIDTH;
        tile t = {
            .taps = taps,
            .depth = depth,
            .weights = (const element *)c->weights + ((ptrdiff_t)group * panels + panel) * panel_step,
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
          t.output = (element *)c->output + (first + pixel) * c->out_stride + channel;
          t.residual =
              c->residual ? (const element *)c->residual + (first + pixel) * c->residual_stride + channel : NULL;
          s.run(&t);
        }
        panel += s.panels;
      }
    }
  }
}
