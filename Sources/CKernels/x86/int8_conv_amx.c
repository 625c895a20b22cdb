// SPDX-License-Identifier: Apache-2.0
// Dense convolution with tdpbusd: a tile of 16 pixels x up to 64 terms times one of as many terms x 16 channels.
//
// Terms are cut into chunks of equal length (int8_tiles.h), so that one tile configuration does for all; a product's
// time hangs on its pixels alone, so that short chunks cost what long ones do, and as few as possible count.
//
// Panels are two vectors of channels wide and take two tiles of pixels at a time, a last one of one vector takes
// four, so that four tiles of sums hide each other's latency. Sums are stored to memory and become bytes between the
// products of the next tiles.
//
// The pixels of a tile are neighbours in one row of the output, which puts their terms at equal distances in the
// input: a tile is loaded from the map itself. Where its windows reach over the map's border the cells under them are
// copied, with pads, once for all panels; so are those of a kernel row whose pixels are not adjacent.
#if defined(__x86_64__)
#define ISA __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,amx-tile,amx-int8")))

#include "amx_tiles.h"
#include "int8_store_avx512.h"

enum { ROWS = 16, BLOCK_TILES = 8, COPY_BYTES = 96 << 10 };

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
  int32_t count, turn;  // turn: which spots are this block's; the others are the last one's
  spot spots[2][BLOCK_TILES];
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
  const int dense = n.apart != 1 || s->kernel_columns == 1 || call->in_pixel == s->in_channels;
  if (dense && x >= 0 && x + (n.cells - 1) * n.apart < s->in_columns) {
    // All 16 pixels are loaded, and what follows the map may not be.
    const ptrdiff_t first = ((ptrdiff_t)y * s->in_columns + x) * call->in_pixel, step = s->stride_columns * call->in_pixel;
    const ptrdiff_t end = ((ptrdiff_t)s->in_rows * s->in_columns - 1) * call->in_pixel + s->in_channels;
    if (first + (ROWS - 1) * step + b->cut.groups * 4 <= end + RM_INT8_OVERREAD) return (source){call->in + first, step};
  }
  return (source){copy(b, y, x, n), (n.apart == 1 ? s->stride_columns : 1) * (ptrdiff_t)s->in_channels};
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

// Sums on their way to bytes: [tiles][16 pixels][vectors][16], in pieces of four vectors.
typedef struct {
  const panel *panel;
  const spot *spots;
  int32_t count;  // tiles
  int32_t sums[1024] __attribute__((aligned(64)));
} batch;

// What all pieces of a batch share.
typedef struct {
  const batch *batch;
  rule512 rule;
  __m512 multiplier[4];
  sink512 sink;
  int32_t next, count;  // pieces
} finisher;

INLINE ISA finisher make_finisher(const batch *b, const int vectors) {
  finisher f = {.batch = b, .rule = make_rule(b->panel->tile.call), .sink = make_sink(&b->panel->tile)};
  f.count = b->count * ROWS * vectors / 4;
#pragma unroll
  for (int v = 0; v < 4; v++) f.multiplier[v] = _mm512_loadu_ps(b->panel->tile.multiplier + 16 * (v % vectors));
  return f;
}

// The next four pieces, where any are left.
INLINE ISA void finish_some(finisher *f, const int vectors) {
  if (f->next >= f->count) return;
  const batch *b = f->batch;
  const spot *s = b->spots + f->next * 4 / (ROWS * vectors);
  const int32_t first = f->next * 4 / vectors % ROWS;
  f->sink.out = s->out + b->panel->first;
  if (f->sink.residual) f->sink.residual = s->residual + b->panel->first;
  f->sink.pixels = s->pixels;
  const int32_t *sums = b->sums + f->next * 64;
#pragma unroll
  for (int i = 0; i < 4; i++) {
    __m512i four[4];
#pragma unroll
    for (int v = 0; v < 4; v++) four[v] = _mm512_load_si512(sums + (i * 4 + v) * 16);
    store(&f->sink, requantize(four, f->multiplier, &f->rule), vectors, first + i * 4 / vectors);
  }
  f->next += 4;
}

INLINE ISA void finish_rest(finisher *f, const int vectors) {
  while (f->next < f->count) finish_some(f, vectors);
}

static ISA void finish(const batch *b) {
  if (b->panel->vectors == 2) {
    finisher f = make_finisher(b, 2);
    finish_rest(&f, 2);
  } else {
    finisher f = make_finisher(b, 1);
    finish_rest(&f, 1);
  }
}

// The sums of four tiles, of 32 pixels by two vectors of channels or of 64 by one.
INLINE ISA void multiply(const block *block, const rm_int8_tile *t, const source *const *from, finisher *f,
                         const int vectors) {
  const ptrdiff_t bytes = block->chunk, end = block->cut.chunks * bytes;
  const int32_t runs = block->cut.runs, *second = t->bias + (vectors == 2 ? 16 : 0);
  const uint8_t *w = t->weights;
  _tile_loadd(0, t->bias, 0);
  _tile_loadd(1, second, 0);
  _tile_loadd(2, t->bias, 0);
  _tile_loadd(3, second, 0);
  for (int32_t r = 0; r < runs; r++) {
    const source p0 = from[0][r], p1 = from[1][r], p2 = from[2][r], p3 = from[3][r];
    for (ptrdiff_t k = 0; k < end; k += bytes, w += bytes * 16 * vectors) {
      _tile_loadd(6, w, 64 * vectors);
      _tile_loadd(4, p0.at + k, p0.step);
      _tile_dpbusd(0, 4, 6);
      if (vectors == 2) {
        _tile_loadd(7, w + 64, 128);
        _tile_dpbusd(1, 4, 7);
        _tile_loadd(5, p1.at + k, p1.step);
        _tile_dpbusd(2, 5, 6);
        _tile_dpbusd(3, 5, 7);
      } else {
        _tile_loadd(5, p1.at + k, p1.step);
        _tile_dpbusd(1, 5, 6);
        _tile_loadd(4, p2.at + k, p2.step);
        _tile_dpbusd(2, 4, 6);
        _tile_loadd(5, p3.at + k, p3.step);
        _tile_dpbusd(3, 5, 6);
      }
      finish_some(f, vectors);
    }
  }
}

INLINE ISA void store_sums(int32_t *to, const int vectors) {
  const ptrdiff_t tile = ROWS * 16;
  _tile_stored(0, to, 64 * vectors);
  _tile_stored(1, vectors == 2 ? to + 16 : to + tile, 64 * vectors);
  _tile_stored(2, to + 2 * tile, 64 * vectors);
  _tile_stored(3, vectors == 2 ? to + 2 * tile + 16 : to + 3 * tile, 64 * vectors);
}

INLINE ISA void run_batch(const block *b, const rm_int8_tile *tile, const source *const *from, const batch *before,
                          int32_t *sums, const int vectors) {
  finisher f = make_finisher(before, vectors);
  multiply(b, tile, from, &f, vectors);
  finish_rest(&f, vectors);
  store_sums(sums, vectors);
}

// All panels over the block. While products run, the batch before them is finished; the last one is left to the next
// block.
static ISA void run_block(block *b, batch *batches[2]) {
  for (const panel *p = b->panels; p < b->panels + b->panel_count; p++) {
    const int32_t most = p->vectors == 2 ? 2 : 4;
    for (int32_t i = 0; i < b->count; i += most) {
      const int32_t count = b->count - i < most ? b->count - i : most;
      // Where tiles are missing the last one is computed again.
      const source *from[4];
      for (int32_t j = 0; j < 4; j++) from[j] = b->sources + (i + (j < count ? j : count - 1)) * b->cut.runs;
      batch *now = batches[0], *before = batches[1];
      if (before->panel->vectors != p->vectors) {
        finish(before);
        before->panel = p;
        before->count = 0;
      }
      if (p->vectors == 2)
        run_batch(b, &p->tile, from, before, now->sums, 2);
      else
        run_batch(b, &p->tile, from, before, now->sums, 1);
      now->panel = p;
      now->spots = b->spots[b->turn] + i;
      now->count = count;
      batches[0] = before, batches[1] = now;
    }
  }
  b->count = b->copied = 0;
  b->turn ^= 1;
}

static ISA void configure(int32_t chunk_groups) {
  rm_amx_tiles all = {.palette = 1};
  for (int i = 0; i < 8; i++) {
    all.rows[i] = (uint8_t)(i < 6 ? ROWS : chunk_groups);
    all.bytes[i] = (uint16_t)(i == 4 || i == 5 ? 4 * chunk_groups : 64);
  }
  rm_amx_configure(&all);
}

static ISA void run_rows(const rm_int8_conv_call *call, ptrdiff_t row_begin, ptrdiff_t row_end) {
  const rm_int8_cut cut = rm_int8_tiles_cut(&tiles, &call->shape);
  source sources[BLOCK_TILES * cut.runs];
  uint8_t copies[COPY_BYTES + RM_INT8_OVERREAD];
  batch two[2], *batches[2] = {two, two + 1};
  rm_int8_panel walk = rm_int8_tiles_before(&tiles, call);
  panel panels[walk.count];
  rm_int8_tile tile = {.residual = call->residual, .call = call};
  while (rm_int8_tiles_next(&tiles, &walk, &tile)) panels[walk.index] = (panel){tile, walk.first, walk.vectors};
  // Before the first batch there is nothing to finish.
  two[1].panel = panels;
  two[1].count = 0;
  block b = {.call = call,
             .shape = call->shape,
             .cut = cut,
             .chunk = cut.groups / cut.chunks * 4,
             .panels = panels,
             .panel_count = walk.count,
             .sources = sources,
             .copies = copies};
  rm_int8_conv_shape *s = &b.shape;
  const int32_t room = COPY_BYTES - (int32_t)most_copied(s);
  ptrdiff_t begin = 0, end = s->out_columns;
  if (s->kernel_rows == 1 && s->kernel_columns == 1 && s->stride_rows == 1 && s->stride_columns == 1 &&
      s->pad_top == 0 && s->pad_left == 0 && s->out_columns == s->in_columns && s->out_rows <= s->in_rows) {
    begin = row_begin * end, end *= row_end;
    row_begin = 0, row_end = 1;
    s->in_columns *= s->in_rows, s->out_columns *= s->out_rows;
    s->in_rows = s->out_rows = 1;
  }
  for (ptrdiff_t row = row_begin; row < row_end; row++) {
    for (ptrdiff_t column = begin; column < end; column += ROWS) {
      add_tile(&b, (int32_t)row, (int32_t)column, (int32_t)(end - column < ROWS ? end - column : ROWS));
      if (b.count == BLOCK_TILES || b.copied > room) run_block(&b, batches);
    }
  }
  run_block(&b, batches);
  finish(batches[1]);
}

// NULL where tiles are used, else why not.
const char *rm_int8_conv_refusal__amx(const rm_int8_conv_shape *s) {
  const rm_int8_cut c = rm_int8_tiles_cut(&tiles, s);
  if (most_copied(s) > COPY_BYTES) return "borders too large for AMX";
  // 15 of 16 channels would be empty; and sums of so few terms take less long than to store them.
  if (s->out_channels == 1 && s->in_channels >= 32) return "one output alone";
  if (c.runs == 1 && c.length < 40 && s->out_channels > tiles.lanes) return "few terms";
  return NULL;
}

static int takes(const rm_int8_conv_shape *s) { return rm_int8_conv_refusal__amx(s) == NULL; }

size_t rm_int8_conv_packed_bytes__amx(const rm_int8_conv_shape *shape) {
  return takes(shape) ? rm_int8_tiles_packed_bytes(&tiles, shape) : rm_int8_conv_packed_bytes__avx512vnni(shape);
}

void rm_int8_conv_pack__amx(const rm_int8_conv_shape *shape, const rm_int8_conv_weights *from, void *packed) {
  if (takes(shape))
    rm_int8_tiles_pack(&tiles, shape, from, packed);
  else
    rm_int8_conv_pack__avx512vnni(shape, from, packed);
}

ISA void rm_int8_conv__amx(const rm_int8_conv_call *call, ptrdiff_t row_begin, ptrdiff_t row_end) {
  if (!takes(&call->shape)) {
    rm_int8_conv__avx512vnni(call, row_begin, row_end);
    return;
  }
  const rm_int8_cut cut = rm_int8_tiles_cut(&tiles, &call->shape);
  configure(cut.groups / cut.chunks);
  run_rows(call, row_begin, row_end);
  _tile_release();
}
#endif
