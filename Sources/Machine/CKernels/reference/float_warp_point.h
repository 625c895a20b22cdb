// SPDX-License-Identifier: Apache-2.0
// Where an output pixel of a warp samples its source. Shared by all levels: `element` and `get` are defined before.
#pragma once

#include "float.h"

#ifndef INLINE
#define INLINE static inline
#endif

// Within the source's border.
typedef struct {
  float x, y;
} rm_point;

INLINE float within(float x, float low, float high) {
  if (!(x > low)) return low;
  return x > high ? high : x;
}

// A grid coordinate in cells of the input, no further outside than two: those are as good as any number of them.
INLINE float grid_cell(float coordinate, int extent, int align_corners) {
  const float at = align_corners ? (coordinate + 1) * 0.5f * (float)(extent - 1)
                                 : ((coordinate + 1) * (float)extent - 1) * 0.5f;
  return within(at, -2, (float)extent + 1);
}

INLINE rm_point warp_point(const rm_float_warp *w, int picture, int row, int column) {
  const element *offsets = (const element *)w->offsets + (ptrdiff_t)picture * w->rows * w->columns * w->offsets_stride;
  const ptrdiff_t pixel = (ptrdiff_t)row * w->columns + column;
  float dx = get(offsets[pixel * w->offsets_stride]), dy = get(offsets[pixel * w->offsets_stride + 1]);
  if (w->mask) {
    const element *mask = (const element *)w->mask +
        ((ptrdiff_t)picture * w->rows * w->columns + pixel) * w->mask_stride;
    dx = dy = 0;
    for (int n = 0; n < 9; n++) {
      const int i = row + n / 3 - 1, j = column + n % 3 - 1;
      if (i < 0 || i >= w->rows || j < 0 || j >= w->columns) continue;
      const element *neighbour = offsets + ((ptrdiff_t)i * w->columns + j) * w->offsets_stride;
      dx += get(mask[n]) * get(neighbour[0]);
      dy += get(mask[n]) * get(neighbour[1]);
    }
  }
  rm_point at;
  if (w->scale == 2) {
    at.x = ((float)column + 0.5f + dx) * 0.5f - 0.5f;
    at.y = ((float)row + 0.5f + dy) * 0.5f - 0.5f;
  } else {
    at.x = (float)column + dx;
    at.y = (float)row + dy;
  }
  at.x = within(at.x, 0, (float)(w->source_columns - 1));
  at.y = within(at.y, 0, (float)(w->source_rows - 1));
  return at;
}
