// SPDX-License-Identifier: Apache-2.0
// Where the pixels of AMX tiles lie, for int8_conv_amx.c.
//
// The pixels of a tile are neighbours in one row of the output, which puts their terms at equal distances in the
// input: a tile is loaded from the map itself. Where its windows reach over the map's border the cells under them are
// copied, with pads, once for all panels; so are those of a kernel row whose pixels are not adjacent.
#pragma once

#include "../int8_tiles.h"

// BLOCKS_IN_USE: one, and those that the batches left to it may be of.
enum { ROWS = 16, BLOCK_TILES = 4, BLOCKS_IN_USE = 3, COPY_BYTES = 96 << 10 };

static const rm_int8_tiles tiles = {.lanes = 16, .chunk = 16, .most_vectors = 2};

// Where one run of a tile's pixels lies: pixel i at `at` + i * `step`.
typedef struct {
  const uint8_t *at;
  ptrdiff_t step;
} source;

// Neighbouring pixels of one output row.
typedef struct {
  uint8_t *out;
  const uint8_t *residual;
  int32_t pixels;
} spot;

// A panel of channels.
typedef struct {
  rm_int8_tile tile;
  int32_t first, vectors;  // its first channel
} panel;

// Tiles that all panels pass over, and what all blocks of a call share. Nothing that is read while products run is
// written just before: a load that has to wait for a store of another size waits for all products.
typedef struct {
  const rm_int8_conv_call *call;
  rm_int8_conv_shape shape;  // a product of pixels alone as one long row
  rm_int8_cut cut;
  int32_t chunk;  // bytes
  const panel *panels;
  int32_t panel_count;
  int32_t count, turn;  // turn: which spots are this block's; the others are the last ones'
  spot spots[BLOCKS_IN_USE][BLOCK_TILES];
  source *sources;  // [BLOCK_TILES][cut.runs]
  int32_t copied;   // bytes in use of `copies`
  uint8_t *copies;  // [COPY_BYTES + RM_INT8_OVERREAD]
} block;

// Of one kernel row of a tile, or of one tap where taps are apart: the cells it covers, and their distance.
typedef struct {
  int32_t cells, apart;
} cover;

static cover covered(const rm_int8_conv_shape *s, int32_t pixels) {
  if (s->dilation_columns != 1) return (cover){pixels, s->stride_columns};
  return (cover){(pixels - 1) * s->stride_columns + s->kernel_columns, 1};
}

// Bytes that a tile's copies may take.
static int64_t most_copied(const rm_int8_conv_shape *s) {
  const rm_int8_cut c = rm_int8_tiles_cut(&tiles, s);
  return (int64_t)c.runs * covered(s, ROWS).cells * s->in_channels;
}

// Copies `n` cells of row y that begin at column x.
static const uint8_t *copy(block *b, int32_t y, int32_t x, cover n) {
  const rm_int8_conv_shape *s = &b->shape;
  const ptrdiff_t bytes = s->in_channels, step = n.apart * b->call->in_pixel;
  uint8_t *to = b->copies + b->copied, *const begin = to;
  b->copied += (int32_t)(n.cells * bytes);
  int32_t left = x >= 0 ? 0 : (n.apart - 1 - x) / n.apart, inside = (s->in_columns - 1 - x) / n.apart + 1;
  left = left < n.cells ? left : n.cells;
  inside = (x >= s->in_columns ? 0 : inside < n.cells ? inside : n.cells) - left;
  inside = inside > 0 ? inside : 0;
  memset(to, *b->call->pad, (size_t)(left * bytes));
  to += left * bytes;
  const uint8_t *from = b->call->in + ((ptrdiff_t)y * s->in_columns + x + left * n.apart) * b->call->in_pixel;
  if (step == bytes) {
    memcpy(to, from, (size_t)(inside * bytes));
    to += inside * bytes;
  } else {
    for (int32_t i = 0; i < inside; i++, from += step, to += bytes) memcpy(to, from, (size_t)bytes);
  }
  memset(to, *b->call->pad, (size_t)((n.cells - left - inside) * bytes));
  return begin;
}

static source find(block *b, int32_t y, int32_t x, int32_t pixels) {
  const rm_int8_conv_shape *s = &b->shape;
  const rm_int8_conv_call *call = b->call;
  if (y < 0 || y >= s->in_rows) return (source){call->pad, 0};
  const cover n = covered(s, pixels);
  const int by_row = s->dilation_columns == 1;
  const int dense = !by_row || s->kernel_columns == 1 || call->in_pixel == s->in_channels;
  if (dense && x >= 0 && x + (n.cells - 1) * n.apart < s->in_columns) {
    // All 16 pixels are loaded, and what follows the map may not be.
    const ptrdiff_t first = ((ptrdiff_t)y * s->in_columns + x) * call->in_pixel;
    const ptrdiff_t step = s->stride_columns * call->in_pixel, reach = (ROWS - 1) * step + b->cut.groups * 4;
    const ptrdiff_t end = ((ptrdiff_t)s->in_rows * s->in_columns - 1) * call->in_pixel + s->in_channels;
    if (first + reach <= end + RM_INT8_OVERREAD) return (source){call->in + first, step};
  }
  return (source){copy(b, y, x, n), (by_row ? s->stride_columns : 1) * (ptrdiff_t)s->in_channels};
}

static void add_tile(block *b, int32_t row, int32_t column, int32_t pixels) {
  const rm_int8_conv_shape *s = &b->shape;
  const rm_int8_conv_call *call = b->call;
  const ptrdiff_t pixel = (ptrdiff_t)row * s->out_columns + column;
  const int32_t top = row * s->stride_rows - s->pad_top, left = column * s->stride_columns - s->pad_left;
  const int32_t taps = b->cut.runs / s->kernel_rows;
  source *to = b->sources + b->count * b->cut.runs;
  for (int32_t k = 0; k < b->cut.runs; k++)
    to[k] = find(b, top + k / taps * s->dilation_rows, left + k % taps * s->dilation_columns, pixels);
  b->spots[b->turn][b->count++] = (spot){call->out + pixel * call->out_pixel,
                                call->residual ? call->residual + pixel * call->residual_pixel : NULL, pixels};
}
