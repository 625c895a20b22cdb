// SPDX-License-Identifier: Apache-2.0
// Pooling, change of size and warp, for the vector vocabulary included before: positions and weights are worked
// out once for a pixel, then whole vectors of its channels, then one masked vector.
#pragma once

#include "../reference/float_warp_point.h"
#include "float_kernels.h"

INLINE vec some_load(const element *p, int left) { return left >= WIDTH ? v_get(p) : v_get_some(p, m_first(left)); }
INLINE void some_store(element *p, int left, vec x) {
  if (left >= WIDTH)
    v_put(p, x);
  else
    v_put_some(p, m_first(left), x);
}

INLINE void pool_units(const rm_float_pool *p, ptrdiff_t begin, ptrdiff_t end, const int average) {
  for (ptrdiff_t unit = begin; unit < end; unit++) {
    const ptrdiff_t picture = unit / p->out_rows;
    const int top = (int)(unit % p->out_rows) * p->stride_rows - p->pad_top;
    const int first_row = most(top, 0), bottom = least(top + p->kernel_rows, p->in_rows);
    const int padded_rows = least(top + p->kernel_rows, p->in_rows + p->pad_bottom) - top;
    for (int column = 0; column < p->out_columns; column++) {
      const int left = column * p->stride_columns - p->pad_left;
      const int first_column = most(left, 0), right = least(left + p->kernel_columns, p->in_columns);
      const int padded_columns = least(left + p->kernel_columns, p->in_columns + p->pad_right) - left;
      const int inside = most(bottom - first_row, 0) * most(right - first_column, 0);
      const int cells = p->count_include_pad ? padded_rows * padded_columns : inside;
      element *out = (element *)p->output + (unit * p->out_columns + column) * p->out_stride;
      for (int channel = 0; channel < p->channels; channel += WIDTH) {
        const int remaining = p->channels - channel;
        vec result = average ? v_all(0) : v_all(-INFINITY);
        for (int y = first_row; y < bottom; y++) {
          const element *in = (const element *)p->input +
              ((picture * p->in_rows + y) * p->in_columns) * p->in_stride + channel;
          for (int x = first_column; x < right; x++) {
            const vec value = some_load(in + x * p->in_stride, remaining);
            result = average ? v_add(result, value) : v_max(result, value);
          }
        }
        if (average) result = cells > 0 ? v_div(result, v_all((float)cells)) : v_all(0);
        some_store(out + channel, remaining, result);
      }
    }
  }
}

TARGET void NAME(average_pool)(const rm_float_pool *p, ptrdiff_t begin, ptrdiff_t end) {
  pool_units(p, begin, end, 1);
}
TARGET void NAME(max_pool)(const rm_float_pool *p, ptrdiff_t begin, ptrdiff_t end) {
  pool_units(p, begin, end, 0);
}

TARGET void NAME(resize)(const rm_float_resize *r, ptrdiff_t begin, ptrdiff_t end) {
  for (ptrdiff_t unit = begin; unit < end; unit++) {
    const ptrdiff_t picture = unit / r->out_rows;
    const int row = (int)(unit % r->out_rows);
    const element *upper = (const element *)r->input +
        (picture * r->in_rows + r->rows0[row]) * r->in_columns * r->in_stride;
    const element *lower = (const element *)r->input +
        (picture * r->in_rows + r->rows1[row]) * r->in_columns * r->in_stride;
    const vec down = v_all(r->row_weights[row]), up = v_all(1 - r->row_weights[row]);
    for (int column = 0; column < r->out_columns; column++) {
      const ptrdiff_t left = r->columns0[column] * r->in_stride, right = r->columns1[column] * r->in_stride;
      const vec east = v_all(r->column_weights[column]), west = v_all(1 - r->column_weights[column]);
      element *out = (element *)r->output + (unit * r->out_columns + column) * r->out_stride;
      for (int channel = 0; channel < r->channels; channel += WIDTH) {
        const int remaining = r->channels - channel;
        const vec a = some_load(upper + left + channel, remaining), b = some_load(upper + right + channel, remaining);
        const vec c = some_load(lower + left + channel, remaining), d = some_load(lower + right + channel, remaining);
        const vec above = v_fma(b, east, v_mul(a, west)), below = v_fma(d, east, v_mul(c, west));
        some_store(out + channel, remaining, v_fma(below, down, v_mul(above, up)));
      }
    }
  }
}

TARGET void NAME(warp)(const rm_float_warp *w, ptrdiff_t begin, ptrdiff_t end) {
  for (ptrdiff_t unit = begin; unit < end; unit++) {
    const int picture = (int)(unit / w->rows), row = (int)(unit % w->rows);
    const element *source = (const element *)w->source +
        (ptrdiff_t)picture * w->source_rows * w->source_columns * w->source_stride;
    for (int column = 0; column < w->columns; column++) {
      const rm_point at = warp_point(w, picture, row, column);
      const int x0 = (int)at.x, y0 = (int)at.y;
      const int x1 = least(x0 + 1, w->source_columns - 1), y1 = least(y0 + 1, w->source_rows - 1);
      const float east = at.x - (float)x0, south = at.y - (float)y0, west = 1 - east, north = 1 - south;
      const element *a = source + ((ptrdiff_t)y0 * w->source_columns + x0) * w->source_stride;
      const element *b = source + ((ptrdiff_t)y0 * w->source_columns + x1) * w->source_stride;
      const element *c = source + ((ptrdiff_t)y1 * w->source_columns + x0) * w->source_stride;
      const element *d = source + ((ptrdiff_t)y1 * w->source_columns + x1) * w->source_stride;
      const vec wa = v_all(north * west), wb = v_all(north * east), wc = v_all(south * west), wd = v_all(south * east);
      const ptrdiff_t pixel = unit * w->columns + column;
      element *out = (element *)w->output + pixel * w->out_stride;
      const element *residual = w->residual ? (const element *)w->residual + pixel * w->residual_stride : NULL;
      for (int channel = 0; channel < w->channels; channel += WIDTH) {
        const int remaining = w->channels - channel;
        vec sum = v_mul(some_load(a + channel, remaining), wa);
        sum = v_fma(some_load(b + channel, remaining), wb, sum);
        sum = v_fma(some_load(c + channel, remaining), wc, sum);
        sum = v_fma(some_load(d + channel, remaining), wd, sum);
        if (residual) sum = v_add(sum, some_load(residual + channel, remaining));
        some_store(out + channel, remaining, sum);
      }
    }
  }
}

// A corner of a sample: where its channels begin, and 1, or 0 and a vector of zeros where it is outside.
typedef struct {
  const element *at;
  int inside;
} corner;

INLINE corner corner_at(const rm_float_gridsample *g, ptrdiff_t picture, int y, int x) {
  static const element zeros[WIDTH];
  if (g->border) {
    y = most(0, least(y, g->in_rows - 1));
    x = most(0, least(x, g->in_columns - 1));
  } else if (y < 0 || y >= g->in_rows || x < 0 || x >= g->in_columns) {
    return (corner){zeros, 0};
  }
  const element *input = g->input;
  return (corner){input + ((picture * g->in_rows + y) * g->in_columns + x) * g->channels, 1};
}

// Bilinear; the nearest cell is the scalar kernel's.
TARGET void NAME(gridsample)(const rm_float_gridsample *g, ptrdiff_t begin, ptrdiff_t end) {
  if (g->nearest) {
    SCALAR(gridsample)(g, begin, end);
    return;
  }
  for (ptrdiff_t unit = begin; unit < end; unit++) {
    const ptrdiff_t picture = unit / g->out_rows;
    for (int column = 0; column < g->out_columns; column++) {
      const float *grid = g->grid + (unit * g->out_columns + column) * 2;
      float x = grid_cell(grid[0], g->in_columns, g->align_corners);
      float y = grid_cell(grid[1], g->in_rows, g->align_corners);
      if (g->border) {
        x = within(x, 0, (float)(g->in_columns - 1));
        y = within(y, 0, (float)(g->in_rows - 1));
      }
      const int x0 = (int)floorf(x), y0 = (int)floorf(y);
      const vec east = v_all(x - (float)x0), west = v_all(1 - (x - (float)x0));
      const vec south = v_all(y - (float)y0), north = v_all(1 - (y - (float)y0));
      const corner a = corner_at(g, picture, y0, x0), b = corner_at(g, picture, y0, x0 + 1);
      const corner c = corner_at(g, picture, y0 + 1, x0), d = corner_at(g, picture, y0 + 1, x0 + 1);
      element *out = (element *)g->output + (unit * g->out_columns + column) * g->channels;
      for (int channel = 0; channel < g->channels; channel += WIDTH) {
        const int left = g->channels - channel;
        const vec above = v_fma(some_load(b.at + channel * b.inside, left), east,
                                v_mul(some_load(a.at + channel * a.inside, left), west));
        const vec below = v_fma(some_load(d.at + channel * d.inside, left), east,
                                v_mul(some_load(c.at + channel * c.inside, left), west));
        some_store(out + channel, left, v_fma(below, south, v_mul(above, north)));
      }
    }
  }
}

#if !NATIVE
// Some vectors of channels at a time, so that a pixel is read once; sums of POOL_BLOCK pixels are added up, which
// keeps the error of long sums small.
TARGET void NAME(global_average_pool)(const rm_float_global_pool *p, ptrdiff_t begin, ptrdiff_t end) {
  enum { VECTORS = 4, POOL_BLOCK = 256 };
  for (ptrdiff_t picture = begin; picture < end; picture++) {
    const element *input = (const element *)p->input + picture * p->pixels * p->in_stride;
    for (int channel = 0; channel < p->channels; channel += VECTORS * WIDTH) {
      const int vectors = least(VECTORS, (p->channels - channel + WIDTH - 1) / WIDTH);
      vec total[VECTORS];
      for (int v = 0; v < VECTORS; v++) total[v] = v_all(0);
      for (ptrdiff_t first = 0; first < p->pixels; first += POOL_BLOCK) {
        const ptrdiff_t last = first + POOL_BLOCK < p->pixels ? first + POOL_BLOCK : p->pixels;
        vec sum[VECTORS];
        for (int v = 0; v < VECTORS; v++) sum[v] = v_all(0);
        for (ptrdiff_t pixel = first; pixel < last; pixel++) {
          const element *in = input + pixel * p->in_stride + channel;
          UNROLL for (int v = 0; v < VECTORS; v++)
            if (v < vectors) sum[v] = v_add(sum[v], some_load(in + v * WIDTH, p->channels - channel - v * WIDTH));
        }
        for (int v = 0; v < VECTORS; v++) total[v] = v_add(total[v], sum[v]);
      }
      for (int v = 0; v < vectors; v++) {
        const vec mean = v_div(total[v], v_all((float)p->pixels));
        element *out = (element *)p->output + picture * p->channels + channel + v * WIDTH;
        some_store(out, p->channels - channel - v * WIDTH, mean);
      }
    }
  }
}
#endif
