// SPDX-License-Identifier: Apache-2.0
// Depthwise convolution, for the vector vocabulary included before.
//
// The idea of 3x3: for a vector of channels the nine weights stay in registers while the window walks along a row;
// SPAN outputs are worked on together, so that with stride 1 a loaded column serves three of them. Rows outside
// the input are a row of zeros that does not advance. Columns at the border go one at a time with their missing
// taps left out; the last vector of channels is masked. Nine weights, SPAN sums and one load fit 16 registers
// for SPAN 4. Other windows read a weight for several outputs that lie side by side.
#pragma once

#include "float_kernels.h"

static const element dw_zeros[WIDTH];

INLINE vec dw_finish(const rm_float_conv *c, vec x, ptrdiff_t pixel, int channel, mask some, int whole) {
  const vec low = v_all(c->low), high = v_all(c->high);
  if (!c->residual) return limited(x, low, high);
  const element *other = (const element *)c->residual + pixel * c->residual_stride + channel;
  const vec y = whole ? v_get(other) : v_get_some(other, some);
  return c->add_first ? limited(v_add(x, y), low, high) : v_add(limited(x, low, high), y);
}

// One vector of channels along one output row. `stride` and `whole` are constants at each call.
INLINE void dw_row(const rm_float_conv *c, ptrdiff_t unit, int channel, mask some, const int stride, const int whole) {
  enum { SPAN = 4 };
  const ptrdiff_t picture = unit / c->out_rows;
  const int top = (int)(unit % c->out_rows) * c->stride_rows - c->pad_top;
  vec weights[9];
  UNROLL for (int tap = 0; tap < 9; tap++) {
    const element *at = (const element *)c->weights + (ptrdiff_t)tap * c->out_channels + channel;
    weights[tap] = whole ? v_get(at) : v_get_some(at, some);
  }
  vec bias = v_all(0);
  if (c->bias) bias = whole ? v_floats(c->bias + channel) : v_floats_some(c->bias + channel, some);
  const element *input = c->input, *rows[3];
  ptrdiff_t steps[3];
  for (int i = 0; i < 3; i++) {
    const int y = top + i, inside = y >= 0 && y < c->in_rows;
    rows[i] = inside ? input + (picture * c->in_rows + y) * c->in_columns * c->in_stride + channel : dw_zeros;
    steps[i] = inside ? c->in_stride : 0;
  }
  element *out = (element *)c->output + unit * c->out_columns * c->out_stride + channel;
  // Outputs [first, last) have all three columns inside.
  int first = (c->pad_left + stride - 1) / stride;
  int last = c->in_columns + c->pad_left >= 3 ? (c->in_columns + c->pad_left - 3) / stride + 1 : 0;
  if (last > c->out_columns) last = c->out_columns;
  if (first > last) first = last;
  int column = 0;
  while (column < c->out_columns) {
    if (column >= first && column + SPAN <= last) {
      vec sum[SPAN];
      UNROLL for (int s = 0; s < SPAN; s++) sum[s] = bias;
      const ptrdiff_t left = column * stride - c->pad_left;
      UNROLL for (int i = 0; i < 3; i++) {
        const element *in = rows[i] + left * steps[i];
        UNROLL for (int x = 0; x < (SPAN - 1) * stride + 3; x++) {
          const vec value = whole ? v_get(in + x * steps[i]) : v_get_some(in + x * steps[i], some);
          UNROLL for (int s = 0; s < SPAN; s++) {
            const int j = x - s * stride;
            if (j >= 0 && j < 3) sum[s] = v_fma(value, weights[i * 3 + j], sum[s]);
          }
        }
      }
      UNROLL for (int s = 0; s < SPAN; s++) {
        const vec x = dw_finish(c, sum[s], unit * c->out_columns + column + s, channel, some, whole);
        element *to = out + (column + s) * c->out_stride;
        if (whole)
          v_put(to, x);
        else
          v_put_some(to, some, x);
      }
      column += SPAN;
      continue;
    }
    vec sum = bias;
    for (int i = 0; i < 3; i++) {
      for (int j = 0; j < 3; j++) {
        const int x = column * stride - c->pad_left + j;
        if (x < 0 || x >= c->in_columns) continue;
        const element *at = rows[i] + x * steps[i];
        const element *w = (const element *)c->weights + (ptrdiff_t)(i * 3 + j) * c->out_channels + channel;
        sum = v_fma(whole ? v_get(at) : v_get_some(at, some), whole ? v_get(w) : v_get_some(w, some), sum);
      }
    }
    const vec x = dw_finish(c, sum, unit * c->out_columns + column, channel, some, whole);
    if (whole)
      v_put(out + column * c->out_stride, x);
    else
      v_put_some(out + column * c->out_stride, some, x);
    column++;
  }
}

TARGET void NAME(dwconv3x3)(const rm_float_conv *c, ptrdiff_t begin, ptrdiff_t end) {
  const mask some = m_first(c->out_channels % WIDTH);
  for (ptrdiff_t unit = begin; unit < end; unit++) {
    int channel = 0;
    for (; channel + WIDTH <= c->out_channels; channel += WIDTH) {
      if (c->stride_columns == 1)
        dw_row(c, unit, channel, some, 1, 1);
      else
        dw_row(c, unit, channel, some, 2, 1);
    }
    if (channel == c->out_channels) continue;
    if (c->stride_columns == 1)
      dw_row(c, unit, channel, some, 1, 0);
    else
      dw_row(c, unit, channel, some, 2, 0);
  }
}

// Any window: outputs [column, column + count) of one vector of channels. Where `checked`, taps may lie outside.
INLINE void dw_span(const rm_float_conv *c, ptrdiff_t unit, int column, int channel, mask some, const int whole,
                    const int count, const int checked) {
  const ptrdiff_t picture = unit / c->out_rows;
  const int top = (int)(unit % c->out_rows) * c->stride_rows - c->pad_top;
  vec sum[REGISTERS / 4];
  vec bias = v_all(0);
  if (c->bias) bias = whole ? v_floats(c->bias + channel) : v_floats_some(c->bias + channel, some);
  UNROLL for (int s = 0; s < count; s++) sum[s] = bias;
  const element *weights = (const element *)c->weights + channel;
  const ptrdiff_t step = c->stride_columns * c->in_stride;
  for (int i = 0; i < c->kernel_rows; i++) {
    const int y = top + i * c->dilation_rows;
    if (y < 0 || y >= c->in_rows) continue;
    const ptrdiff_t first = (picture * c->in_rows + y) * c->in_columns;
    const element *line = (const element *)c->input + first * c->in_stride + channel;
    for (int j = 0; j < c->kernel_columns; j++) {
      const int x = column * c->stride_columns - c->pad_left + j * c->dilation_columns;
      if (checked && (x < 0 || x >= c->in_columns)) continue;
      const element *w = weights + (ptrdiff_t)(i * c->kernel_columns + j) * c->out_channels;
      const vec weight = whole ? v_get(w) : v_get_some(w, some);
      const element *in = line + x * c->in_stride;
      UNROLL for (int s = 0; s < count; s++)
        sum[s] = v_fma(whole ? v_get(in + s * step) : v_get_some(in + s * step, some), weight, sum[s]);
    }
  }
  element *out = (element *)c->output + (unit * c->out_columns + column) * c->out_stride + channel;
  UNROLL for (int s = 0; s < count; s++) {
    const vec x = dw_finish(c, sum[s], unit * c->out_columns + column + s, channel, some, whole);
    if (whole)
      v_put(out + s * c->out_stride, x);
    else
      v_put_some(out + s * c->out_stride, some, x);
  }
}

INLINE void dw_line(const rm_float_conv *c, ptrdiff_t unit, int channel, mask some, const int whole) {
  enum { SPAN = REGISTERS / 4 };
  const int reach = (c->kernel_columns - 1) * c->dilation_columns;
  int column = 0;
  while (column < c->out_columns) {
    const int left = column * c->stride_columns - c->pad_left;
    if (left >= 0 && column + SPAN <= c->out_columns && left + (SPAN - 1) * c->stride_columns + reach < c->in_columns) {
      dw_span(c, unit, column, channel, some, whole, SPAN, 0);
      column += SPAN;
    } else {
      dw_span(c, unit, column, channel, some, whole, 1, 1);
      column++;
    }
  }
}

TARGET void NAME(dwconv)(const rm_float_conv *c, ptrdiff_t begin, ptrdiff_t end) {
  const mask some = m_first(c->out_channels % WIDTH);
  for (ptrdiff_t unit = begin; unit < end; unit++) {
    int channel = 0;
    for (; channel + WIDTH <= c->out_channels; channel += WIDTH) dw_line(c, unit, channel, some, 1);
    if (channel < c->out_channels) dw_line(c, unit, channel, some, 0);
  }
}
