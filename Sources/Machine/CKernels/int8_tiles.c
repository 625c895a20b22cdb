// SPDX-License-Identifier: Apache-2.0
#include "int8_tiles.h"

rm_int8_cut rm_int8_tiles_cut(const rm_int8_tiles *t, const rm_int8_conv_shape *s) {
  const int by_row = s->dilation_columns == 1;
  const int32_t length = by_row ? s->kernel_columns * s->in_channels : s->in_channels;
  const int32_t groups = rm_int8_groups(length), chunks = (groups + t->chunk - 1) / t->chunk;
  // Equal chunks are filled by less than one each, full ones by less than one in all.
  const int32_t each = chunks <= 16 ? (groups + chunks - 1) / chunks : t->chunk;
  return (rm_int8_cut){s->kernel_rows * (by_row ? 1 : s->kernel_columns), length, chunks, chunks * each};
}

static int32_t vector_count(const rm_int8_tiles *t, int32_t channels) {
  return (channels + t->lanes - 1) / t->lanes;
}

static int32_t panel_count(const rm_int8_tiles *t, int32_t vectors) {
  return (vectors + t->most_vectors - 1) / t->most_vectors;
}

// Panels are full but for the last; it shares with the one before where it would hold a single vector, which
// loads as much as it multiplies.
static int32_t panel_vectors(const rm_int8_tiles *t, int32_t vectors, int32_t panels, int32_t panel) {
  const int32_t rest = vectors - (panels - 1) * t->most_vectors;
  const int32_t shared = rest == 1 && panels > 1 && t->most_vectors > 2;
  if (panel == panels - 1) return rest + shared;
  return t->most_vectors - (shared && panel == panels - 2);
}

int32_t rm_int8_tiles_panels(const rm_int8_tiles *t, const rm_int8_conv_shape *s) {
  return panel_count(t, vector_count(t, s->out_channels));
}

static size_t panel_bytes(const rm_int8_tiles *t, int32_t vectors, int32_t groups) {
  return (size_t)vectors * (size_t)t->lanes * (8 + (size_t)groups * (t->wide ? 8 : 4));
}

size_t rm_int8_tiles_packed_bytes(const rm_int8_tiles *t, const rm_int8_conv_shape *s) {
  const rm_int8_cut c = rm_int8_tiles_cut(t, s);
  return panel_bytes(t, vector_count(t, s->out_channels), c.runs * c.groups) + RM_INT8_OVERREAD;
}

static void pack_group(const rm_int8_tiles *t, const int8_t *four, int32_t lane, uint8_t *vector) {
  if (!t->wide) {
    memcpy(vector + 4 * lane, four, 4);
    return;
  }
  for (int32_t i = 0; i < 4; i++) {
    const int16_t value = four[i];
    memcpy(vector + (i & 1) * 4 * t->lanes + 4 * lane + (i >> 1) * 2, &value, 2);
  }
}

void rm_int8_tiles_pack(const rm_int8_tiles *t, const rm_int8_conv_shape *s, const rm_int8_conv_weights *from,
                        void *packed) {
  const rm_int8_cut c = rm_int8_tiles_cut(t, s);
  const int32_t vectors = vector_count(t, s->out_channels), panels = panel_count(t, vectors);
  const int32_t group_bytes = t->lanes * (t->wide ? 8 : 4);
  uint8_t *at = packed;
  memset(packed, 0, rm_int8_tiles_packed_bytes(t, s));
  for (int32_t panel = 0, first = 0; panel < panels; panel++) {
    const int32_t width = panel_vectors(t, vectors, panels, panel);
    int32_t *bias = (int32_t *)at;
    float *multiplier = (float *)(bias + width * t->lanes);
    uint8_t *weights = (uint8_t *)(multiplier + width * t->lanes);
    for (int32_t i = 0; i < width * t->lanes && first + i < s->out_channels; i++) {
      const int8_t *w = from->weights + (size_t)(first + i) * (size_t)(c.runs * c.length);
      uint32_t sum = from->bias ? (uint32_t)from->bias[first + i] : 0;
      const int32_t offset = (t->centred ? 128 : 0) - from->in_zero;
      for (int32_t run = 0; run < c.runs; run++) {
        for (int32_t group = 0; group < c.groups; group++) {
          int8_t four[4] = {0};
          for (int32_t k = 0; k < 4 && 4 * group + k < c.length; k++) {
            four[k] = w[run * c.length + 4 * group + k];
            sum += (uint32_t)(offset * four[k]);
          }
          const int32_t vector = (run * c.groups + group) * width + i / t->lanes;
          pack_group(t, four, i % t->lanes, weights + (size_t)vector * (size_t)group_bytes);
        }
      }
      bias[i] = (int32_t)sum;
      multiplier[i] = from->multiplier[first + i];
    }
    at += panel_bytes(t, width, c.runs * c.groups);
    first += width * t->lanes;
  }
}

enum { TABLE_STRIDE = RM_INT8_BLOCK + RM_INT8_TILE_MAX };

// The segments of a block of pixels.
typedef struct {
  const uint8_t **table;  // [count][TABLE_STRIDE]
  int32_t count, groups;
} segments;

static const uint8_t *cell(const rm_int8_conv_call *call, int32_t y, int32_t x) {
  return call->in + ((ptrdiff_t)y * call->shape.in_columns + x) * call->in_pixel;
}

// 1 where no pixel of the block reaches over the left or right border.
static int inside_columns(const rm_int8_conv_shape *s, int32_t column, int32_t count) {
  if (s->pad_left == 0 && (s->out_columns - 1) * s->stride_columns + s->kernel_columns <= s->in_columns) return 1;
  const int32_t last = column + count - 1;
  return last < s->out_columns && column * s->stride_columns >= s->pad_left &&
         last * s->stride_columns - s->pad_left + s->kernel_columns <= s->in_columns;
}

// Bytes of one pixel's gathered terms, and how many pixels a block gathers.
static int32_t gathered_bytes(const rm_int8_tiles *t, const rm_int8_conv_shape *s) {
  const rm_int8_cut c = rm_int8_tiles_cut(t, s);
  return c.runs * c.groups * 4;
}

static int32_t gathered_pixels(const rm_int8_tiles *t, const rm_int8_conv_shape *s) {
  const int32_t most = 32768 / gathered_bytes(t, s);
  return most < 1 ? 1 : most < RM_INT8_BLOCK ? most : RM_INT8_BLOCK;
}

// Copies the terms of each pixel in packed order, for channel counts that are no multiple of four at a border.
static void gather(const rm_int8_tiles *t, const rm_int8_conv_call *call, int32_t row, int32_t column, int32_t count,
                   segments *to, uint8_t *bytes) {
  const rm_int8_conv_shape *s = &call->shape;
  const rm_int8_cut c = rm_int8_tiles_cut(t, s);
  for (int32_t i = 0; i < count; i++) {
    uint8_t *out = bytes + (size_t)i * (size_t)(c.runs * c.groups * 4);
    to->table[i] = out;
    for (int32_t ky = 0, run = 0; ky < s->kernel_rows; ky++) {
      const int32_t y = row * s->stride_rows - s->pad_top + ky * s->dilation_rows;
      uint8_t *tap = out + run * c.groups * 4;
      for (int32_t kx = 0; kx < s->kernel_columns; kx++) {
        const int32_t x = column * s->stride_columns - s->pad_left + kx * s->dilation_columns;
        const int outside = y < 0 || y >= s->in_rows || x < 0 || x >= s->in_columns;
        memcpy(tap, outside ? call->pad : cell(call, y, x), (size_t)s->in_channels);
        tap += s->in_channels;
        if (s->dilation_columns != 1) tap = out + ++run * c.groups * 4;
      }
      if (s->dilation_columns == 1) run++;
    }
    if (++column == s->out_columns) column = 0, row++;
  }
  to->count = 1;
  to->groups = c.runs * c.groups;
}

// Pointers to one segment of `count` pixels of one output row; (y, x) is the first one's.
static void point_row(const rm_int8_conv_call *call, int32_t y, int32_t x, int32_t count, const uint8_t **to) {
  const rm_int8_conv_shape *s = &call->shape;
  const int row_outside = y < 0 || y >= s->in_rows;
  if (!row_outside && x >= 0 && x + (count - 1) * s->stride_columns < s->in_columns) {
    const uint8_t *from = cell(call, y, x);
    const ptrdiff_t step = s->stride_columns * call->in_pixel;
    for (int32_t i = 0; i < count; i++, from += step) to[i] = from;
    return;
  }
  for (int32_t i = 0; i < count; i++, x += s->stride_columns)
    to[i] = row_outside || x < 0 || x >= s->in_columns ? call->pad : cell(call, y, x);
}

static void point(const rm_int8_conv_call *call, int32_t row, int32_t column, int32_t count, int32_t by_row,
                  segments *to) {
  const rm_int8_conv_shape *s = &call->shape;
  const int32_t taps = by_row ? 1 : s->kernel_columns;
  for (int32_t i = 0; i < count; row++, column = 0) {
    const int32_t rest = s->out_columns - column < count - i ? s->out_columns - column : count - i;
    const int32_t top = row * s->stride_rows - s->pad_top, left = column * s->stride_columns - s->pad_left;
    for (int32_t k = 0; k < s->kernel_rows * taps; k++)
      point_row(call, top + k / taps * s->dilation_rows, left + k % taps * s->dilation_columns, rest,
                to->table + (ptrdiff_t)k * TABLE_STRIDE + i);
    i += rest;
  }
  to->count = s->kernel_rows * taps;
  to->groups = rm_int8_groups(by_row ? s->kernel_columns * s->in_channels : s->in_channels);
}

// How a block finds its terms.
typedef enum { BY_ROW, BY_TAP, GATHERED } way;

static way choose(const rm_int8_conv_call *call, int32_t column, int32_t count) {
  const rm_int8_conv_shape *s = &call->shape;
  const int dense = s->kernel_columns == 1 || (call->in_pixel == s->in_channels && s->dilation_columns == 1);
  if (dense && inside_columns(s, column, count)) return BY_ROW;
  return s->in_channels % 4 == 0 || s->dilation_columns != 1 ? BY_TAP : GATHERED;
}

static segments find_segments(const rm_int8_tiles *t, const rm_int8_conv_call *call, int32_t row, int32_t column,
                              int32_t count, const uint8_t **table, uint8_t *bytes) {
  segments to = {.table = table};
  const way how = choose(call, column, count);
  if (how == GATHERED)
    gather(t, call, row, column, count, &to, bytes);
  else
    point(call, row, column, count, how == BY_ROW, &to);
  for (int32_t k = 0; k < to.count; k++) {
    const uint8_t **line = to.table + (size_t)k * TABLE_STRIDE;
    for (int32_t i = count; i < count + RM_INT8_TILE_MAX; i++) line[i] = line[count - 1];
  }
  return to;
}

// Pixels of the block that begins at `column`. Where a border would be gathered, blocks end with their row and
// the first and last are short, so that little is copied.
static int32_t block_length(const rm_int8_tiles *t, const rm_int8_conv_call *call, int32_t column, ptrdiff_t left) {
  const rm_int8_conv_shape *s = &call->shape;
  int32_t length = RM_INT8_BLOCK;
  if (choose(call, column, length) == GATHERED) {
    length = s->out_columns - column < length ? s->out_columns - column : length;
    while (length > 8 && choose(call, column, length) == GATHERED) length -= 8;
    if (choose(call, column, length) == GATHERED && length > gathered_pixels(t, s)) length = gathered_pixels(t, s);
  }
  return left < length ? (int32_t)left : length;
}

rm_int8_panel rm_int8_tiles_before(const rm_int8_tiles *t, const rm_int8_conv_call *call) {
  const rm_int8_cut c = rm_int8_tiles_cut(t, &call->shape);
  const int32_t vectors = vector_count(t, call->shape.out_channels);
  return (rm_int8_panel){.index = -1,
                         .all_vectors = vectors,
                         .count = panel_count(t, vectors),
                         .next = call->packed,
                         .groups = c.runs * c.groups};
}

int rm_int8_tiles_next(const rm_int8_tiles *t, rm_int8_panel *p, rm_int8_tile *tile) {
  if (++p->index == p->count) return 0;
  p->first += p->vectors * t->lanes;
  p->vectors = panel_vectors(t, p->all_vectors, p->count, p->index);
  const int32_t lanes = p->vectors * t->lanes, rest = tile->call->shape.out_channels - p->first;
  tile->bias = (const int32_t *)p->next;
  tile->multiplier = (const float *)p->next + lanes;
  tile->weights = p->next + 8 * (size_t)lanes;
  tile->channels = rest < lanes ? rest : lanes;
  p->next += panel_bytes(t, p->vectors, p->groups);
  return 1;
}

void rm_int8_tiles_run(const rm_int8_tiles *t, const rm_int8_conv_call *call, ptrdiff_t row_begin, ptrdiff_t row_end) {
  const rm_int8_conv_shape *s = &call->shape;
  const ptrdiff_t end = row_end * s->out_columns;
  const uint8_t *table[RM_INT8_CONV_TAPS * TABLE_STRIDE];
  uint8_t bytes[RM_INT8_CONV_BYTES + RM_INT8_OVERREAD];
  const rm_int8_panel before = rm_int8_tiles_before(t, call);
  int32_t count;
  for (ptrdiff_t block = row_begin * s->out_columns; block < end; block += count) {
    const int32_t row = (int32_t)(block / s->out_columns), column = (int32_t)(block % s->out_columns);
    count = block_length(t, call, column, end - block);
    const segments from = find_segments(t, call, row, column, count, table, bytes);
    rm_int8_tile tile = {.stride = TABLE_STRIDE, .segment_count = from.count, .groups = from.groups, .call = call};
    for (rm_int8_panel panel = before; rm_int8_tiles_next(t, &panel, &tile);) {
      const int32_t width = panel.vectors;
      for (int32_t i = 0; i < count; i += t->pixels[width]) {
        tile.segments = from.table + i;
        tile.out = call->out + (block + i) * call->out_pixel + panel.first;
        tile.residual = call->residual ? call->residual + (block + i) * call->residual_pixel + panel.first : NULL;
        tile.pixels = count - i < t->pixels[width] ? count - i : t->pixels[width];
        t->run[width](&tile);
      }
    }
  }
}
