// SPDX-License-Identifier: Apache-2.0
// Included by one file for each storage.
#include "float.h"

static float finish(const rm_float_conv *c, float sum, ptrdiff_t pixel, int channel) {
  const element *other = c->residual;
  const float residual = other ? get(other[pixel * c->residual_stride + channel]) : 0;
  if (c->add_first) return rm_clamp(sum + residual, c->low, c->high);
  return rm_clamp(sum, c->low, c->high) + residual;
}

void NAME(conv)(const rm_float_conv *c, ptrdiff_t begin, ptrdiff_t end) {
  const ptrdiff_t pixels = (ptrdiff_t)c->batch * c->out_rows * c->out_columns;
  const int in_group = c->in_channels / c->groups, out_group = c->out_channels / c->groups;
  const int taps = c->kernel_rows * c->kernel_columns;
  const ptrdiff_t first = begin * RM_FLOAT_CONV_TILE;
  const ptrdiff_t last = end * RM_FLOAT_CONV_TILE < pixels ? end * RM_FLOAT_CONV_TILE : pixels;
  for (ptrdiff_t pixel = first; pixel < last; pixel++) {
    const int column = (int)(pixel % c->out_columns);
    const int row = (int)(pixel / c->out_columns % c->out_rows);
    const ptrdiff_t picture = pixel / c->out_columns / c->out_rows;
    for (int channel = 0; channel < c->out_channels; channel++) {
      float sum = c->bias ? c->bias[channel] : 0;
      for (int tap = 0; tap < taps; tap++) {
        const int y = row * c->stride_rows - c->pad_top + tap / c->kernel_columns * c->dilation_rows;
        const int x = column * c->stride_columns - c->pad_left + tap % c->kernel_columns * c->dilation_columns;
        if (y < 0 || y >= c->in_rows || x < 0 || x >= c->in_columns) continue;
        const element *in = (const element *)c->input +
                            ((picture * c->in_rows + y) * c->in_columns + x) * c->in_stride +
                            (ptrdiff_t)(channel / out_group) * in_group;
        const element *weights = (const element *)c->weights + ((ptrdiff_t)channel * taps + tap) * in_group;
        for (int k = 0; k < in_group; k++) sum += get(in[k]) * get(weights[k]);
      }
      ((element *)c->output)[pixel * c->out_stride + channel] = put(finish(c, sum, pixel, channel));
    }
  }
}

void NAME(dwconv)(const rm_float_conv *c, ptrdiff_t begin, ptrdiff_t end) {
  for (ptrdiff_t unit = begin; unit < end; unit++) {
    const int row = (int)(unit % c->out_rows);
    const ptrdiff_t picture = unit / c->out_rows;
    for (int column = 0; column < c->out_columns; column++) {
      const ptrdiff_t pixel = unit * c->out_columns + column;
      for (int channel = 0; channel < c->out_channels; channel++) {
        float sum = c->bias ? c->bias[channel] : 0;
        for (int i = 0; i < c->kernel_rows; i++) {
          for (int j = 0; j < c->kernel_columns; j++) {
            const int y = row * c->stride_rows - c->pad_top + i * c->dilation_rows;
            const int x = column * c->stride_columns - c->pad_left + j * c->dilation_columns;
            if (y < 0 || y >= c->in_rows || x < 0 || x >= c->in_columns) continue;
            const ptrdiff_t at = (picture * c->in_rows + y) * c->in_columns + x;
            const ptrdiff_t weight = (ptrdiff_t)(i * c->kernel_columns + j) * c->out_channels + channel;
            sum += get(((const element *)c->input)[at * c->in_stride + channel]) *
                   get(((const element *)c->weights)[weight]);
          }
        }
        ((element *)c->output)[pixel * c->out_stride + channel] = put(finish(c, sum, pixel, channel));
      }
    }
  }
}

void NAME(dwconv3x3)(const rm_float_conv *c, ptrdiff_t begin, ptrdiff_t end) { NAME(dwconv)(c, begin, end); }
