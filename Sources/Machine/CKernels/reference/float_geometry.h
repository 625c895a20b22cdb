// SPDX-License-Identifier: Apache-2.0
// Included by one file for each storage.
#include "float_warp_point.h"

void NAME(resize)(const rm_float_resize *r, ptrdiff_t begin, ptrdiff_t end) {
  for (ptrdiff_t unit = begin; unit < end; unit++) {
    const ptrdiff_t picture = unit / r->out_rows;
    const int row = (int)(unit % r->out_rows);
    const element *upper = (const element *)r->input +
        (picture * r->in_rows + r->rows0[row]) * r->in_columns * r->in_stride;
    const element *lower = (const element *)r->input +
        (picture * r->in_rows + r->rows1[row]) * r->in_columns * r->in_stride;
    const float down = r->row_weights[row], up = 1 - down;
    for (int column = 0; column < r->out_columns; column++) {
      const ptrdiff_t left = r->columns0[column] * r->in_stride, right = r->columns1[column] * r->in_stride;
      const float east = r->column_weights[column], west = 1 - east;
      element *out = (element *)r->output + (unit * r->out_columns + column) * r->out_stride;
      for (int channel = 0; channel < r->channels; channel++) {
        const float above = get(upper[left + channel]) * west + get(upper[right + channel]) * east;
        const float below = get(lower[left + channel]) * west + get(lower[right + channel]) * east;
        out[channel] = put(above * up + below * down);
      }
    }
  }
}

static float fetch(const rm_float_gridsample *g, ptrdiff_t picture, int y, int x, int channel) {
  if (g->border) {
    y = y < 0 ? 0 : y >= g->in_rows ? g->in_rows - 1 : y;
    x = x < 0 ? 0 : x >= g->in_columns ? g->in_columns - 1 : x;
  } else if (y < 0 || y >= g->in_rows || x < 0 || x >= g->in_columns) {
    return 0;
  }
  return get(((const element *)g->input)[((picture * g->in_rows + y) * g->in_columns + x) * g->channels + channel]);
}

void NAME(gridsample)(const rm_float_gridsample *g, ptrdiff_t begin, ptrdiff_t end) {
  for (ptrdiff_t unit = begin; unit < end; unit++) {
    const ptrdiff_t picture = unit / g->out_rows;
    for (int column = 0; column < g->out_columns; column++) {
      const float *at = g->grid + (unit * g->out_columns + column) * 2;
      const float x = grid_cell(at[0], g->in_columns, g->align_corners);
      const float y = grid_cell(at[1], g->in_rows, g->align_corners);
      element *out = (element *)g->output + (unit * g->out_columns + column) * g->channels;
      if (g->nearest) {
        for (int channel = 0; channel < g->channels; channel++)
          out[channel] = put(fetch(g, picture, (int)rintf(y), (int)rintf(x), channel));
        continue;
      }
      const float bx = g->border ? within(x, 0, (float)(g->in_columns - 1)) : x;
      const float by = g->border ? within(y, 0, (float)(g->in_rows - 1)) : y;
      const int x0 = (int)floorf(bx), y0 = (int)floorf(by);
      const float east = bx - (float)x0, south = by - (float)y0;
      for (int channel = 0; channel < g->channels; channel++) {
        const float above =
            fetch(g, picture, y0, x0, channel) * (1 - east) + fetch(g, picture, y0, x0 + 1, channel) * east;
        const float below =
            fetch(g, picture, y0 + 1, x0, channel) * (1 - east) + fetch(g, picture, y0 + 1, x0 + 1, channel) * east;
        out[channel] = put(above * (1 - south) + below * south);
      }
    }
  }
}

void NAME(warp)(const rm_float_warp *w, ptrdiff_t begin, ptrdiff_t end) {
  const element *residual = w->residual;
  for (ptrdiff_t unit = begin; unit < end; unit++) {
    const int picture = (int)(unit / w->rows), row = (int)(unit % w->rows);
    const element *source = (const element *)w->source +
        (ptrdiff_t)picture * w->source_rows * w->source_columns * w->source_stride;
    for (int column = 0; column < w->columns; column++) {
      const rm_point at = warp_point(w, picture, row, column);
      const int x0 = (int)at.x, y0 = (int)at.y;
      const int x1 = x0 + 1 < w->source_columns ? x0 + 1 : x0, y1 = y0 + 1 < w->source_rows ? y0 + 1 : y0;
      const float east = at.x - (float)x0, south = at.y - (float)y0, west = 1 - east, north = 1 - south;
      const element *a = source + ((ptrdiff_t)y0 * w->source_columns + x0) * w->source_stride;
      const element *b = source + ((ptrdiff_t)y0 * w->source_columns + x1) * w->source_stride;
      const element *c = source + ((ptrdiff_t)y1 * w->source_columns + x0) * w->source_stride;
      const element *d = source + ((ptrdiff_t)y1 * w->source_columns + x1) * w->source_stride;
      const ptrdiff_t pixel = unit * w->columns + column;
      element *out = (element *)w->output + pixel * w->out_stride;
      for (int channel = 0; channel < w->channels; channel++) {
        float sum = get(a[channel]) * (north * west);
        sum += get(b[channel]) * (north * east);
        sum += get(c[channel]) * (south * west);
        sum += get(d[channel]) * (south * east);
        if (residual) sum += get(residual[pixel * w->residual_stride + channel]);
        out[channel] = put(sum);
      }
    }
  }
}
