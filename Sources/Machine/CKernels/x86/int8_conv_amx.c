// SPDX-License-Identifier: Apache-2.0
// Dense convolution with tdpbusd: a tile of 16 pixels x up to 64 terms times one of as many terms x 16 channels.
//
// Terms are cut into chunks of equal length (int8_tiles.h), so that one tile configuration does for all; a product's
// time hangs on its pixels alone, so that short chunks cost what long ones do, and as few as possible count.
//
// Panels are two vectors of channels wide and take two tiles of pixels at a time, a last one of one vector takes
// four, so that four tiles of sums hide each other's latency. Sums are stored to memory and become bytes between the
// products of the next tiles.
#if defined(__x86_64__)
#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,amx-tile,amx-int8")))
#include "../macros.h"

#include "amx.h"
#include "int8_amx_block.inc"
#include "int8_store_avx512.inc"

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

INLINE finisher make_finisher(const batch *b, const int vectors) {
  finisher f = {.batch = b, .sink = make_sink(&b->panel->tile)};
  f.count = b->count * ROWS * vectors / 4;
UNROLL
  for (int v = 0; v < 4; v++) f.multiplier[v] = _mm512_loadu_ps(b->panel->tile.multiplier + 16 * (v % vectors));
  f.rule = make_conv_rule(b->panel->tile.call, f.multiplier);
  return f;
}

// The next four pieces, where any are left.
INLINE void finish_some(finisher *f, const int vectors) {
  if (f->next >= f->count) return;
  const batch *b = f->batch;
  const spot *s = b->spots + f->next * 4 / (ROWS * vectors);
  const int32_t first = f->next * 4 / vectors % ROWS;
  f->sink.out = s->out + b->panel->first;
  if (f->sink.residual) f->sink.residual = s->residual + b->panel->first;
  f->sink.pixels = s->pixels;
  const int32_t *sums = b->sums + f->next * 64;
UNROLL
  for (int i = 0; i < 4; i++) {
    __m512i four[4];
UNROLL
    for (int v = 0; v < 4; v++) four[v] = _mm512_load_si512(sums + (i * 4 + v) * 16);
    store(&f->sink, requantize(four, f->multiplier, &f->rule), vectors, first + i * 4 / vectors);
  }
  f->next += 4;
}

INLINE void finish_rest(finisher *f, const int vectors) {
  while (f->next < f->count) finish_some(f, vectors);
}

static TARGET void finish(const batch *b) {
  if (b->panel->vectors == 2) {
    finisher f = make_finisher(b, 2);
    finish_rest(&f, 2);
  } else {
    finisher f = make_finisher(b, 1);
    finish_rest(&f, 1);
  }
}

// The sums of four tiles, of 32 pixels by two vectors of channels or of 64 by one. Each tile gives up the sums of the
// batch before just before it begins with its own, so that none waits for a product that was begun just now.
INLINE void multiply(const block *block, const rm_int8_tile *t, const source *const *from, int32_t *sums,
                         finisher *f, const int vectors) {
  const ptrdiff_t bytes = block->chunk, end = block->cut.chunks * bytes, tile = ROWS * 16;
  const int32_t runs = block->cut.runs, *second = t->bias + (vectors == 2 ? 16 : 0);
  const uint8_t *w = t->weights;
  for (int32_t r = 0; r < runs; r++) {
    const source p0 = from[0][r], p1 = from[1][r], p2 = from[2][r], p3 = from[3][r];
    for (ptrdiff_t k = 0; k < end; k += bytes, w += bytes * 16 * vectors) {
      const int begins = r == 0 && k == 0;
      _tile_loadd(6, w, 64 * vectors);
      _tile_loadd(4, p0.at + k, p0.step);
      if (begins) {
        _tile_stored(0, sums, 64 * vectors);
        _tile_loadd(0, t->bias, 0);
      }
      _tile_dpbusd(0, 4, 6);
      if (begins) {
        finish_some(f, vectors);
        _tile_stored(1, vectors == 2 ? sums + 16 : sums + tile, 64 * vectors);
        _tile_loadd(1, second, 0);
      }
      if (vectors == 2) {
        _tile_loadd(7, w + 64, 128);
        _tile_dpbusd(1, 4, 7);
      } else {
        _tile_loadd(5, p1.at + k, p1.step);
        _tile_dpbusd(1, 5, 6);
      }
      if (begins) {
        finish_some(f, vectors);
        _tile_stored(2, sums + 2 * tile, 64 * vectors);
        _tile_loadd(2, t->bias, 0);
      }
      if (vectors == 2) {
        _tile_loadd(5, p1.at + k, p1.step);
        _tile_dpbusd(2, 5, 6);
      } else {
        _tile_loadd(4, p2.at + k, p2.step);
        _tile_dpbusd(2, 4, 6);
      }
      if (begins) {
        finish_some(f, vectors);
        _tile_stored(3, vectors == 2 ? sums + 2 * tile + 16 : sums + 3 * tile, 64 * vectors);
        _tile_loadd(3, second, 0);
      }
      if (vectors == 2) {
        _tile_dpbusd(3, 5, 7);
      } else {
        _tile_loadd(5, p3.at + k, p3.step);
        _tile_dpbusd(3, 5, 6);
      }
      finish_some(f, vectors);
    }
  }
}

// The products of one batch, while the sums of the last one are stored and the one before that is finished.
INLINE void run_batch(const block *b, const rm_int8_tile *tile, const source *const *from, batch *last,
                          const batch *before, const int vectors) {
  finisher f = make_finisher(before, vectors);
  multiply(b, tile, from, last->sums, &f, vectors);
  finish_rest(&f, vectors);
}

static TARGET void store_sums(batch *b) {
  const ptrdiff_t tile = ROWS * 16, step = 64 * b->panel->vectors;
  const int wide = b->panel->vectors == 2;
  _tile_stored(0, b->sums, step);
  _tile_stored(1, wide ? b->sums + 16 : b->sums + tile, step);
  _tile_stored(2, b->sums + 2 * tile, step);
  _tile_stored(3, wide ? b->sums + 2 * tile + 16 : b->sums + 3 * tile, step);
}

// Finishes what is left in tiles and in memory, oldest first.
static TARGET void finish_all(batch *batches[3]) {
  store_sums(batches[1]);
  finish(batches[2]);
  finish(batches[1]);
  batches[1]->count = batches[2]->count = 0;
}

// All panels over the block. `batches` are the next one, the last one, whose sums are still in tiles, and the one
// before that, whose sums are in memory. The last two are left to the next block.
static TARGET void run_block(block *b, batch *batches[3]) {
  for (const panel *p = b->panels; p < b->panels + b->panel_count; p++) {
    const int32_t most = p->vectors == 2 ? 2 : 4;
    for (int32_t i = 0; i < b->count; i += most) {
      const int32_t count = b->count - i < most ? b->count - i : most;
      // Where tiles are missing the last one is computed again.
      const source *from[4];
      for (int32_t j = 0; j < 4; j++) from[j] = b->sources + (i + (j < count ? j : count - 1)) * b->cut.runs;
      batch *now = batches[0], *last = batches[1], *before = batches[2];
      if (last->panel->vectors != p->vectors) {
        finish_all(batches);
        last->panel = p;
      }
      if (before->panel->vectors != p->vectors) before->panel = p;
      if (p->vectors == 2)
        run_batch(b, &p->tile, from, last, before, 2);
      else
        run_batch(b, &p->tile, from, last, before, 1);
      now->panel = p;
      now->spots = b->spots[b->turn] + i;
      now->count = count;
      batches[0] = before, batches[1] = now, batches[2] = last;
    }
  }
  b->count = b->copied = 0;
  b->turn = (b->turn + 1) % BLOCKS_IN_USE;
}

static TARGET void configure(int32_t chunk_groups) {
  rm_amx_tiles all = {.palette = 1};
  for (int i = 0; i < 8; i++) {
    all.rows[i] = (uint8_t)(i < 6 ? ROWS : chunk_groups);
    all.bytes[i] = (uint16_t)(i == 4 || i == 5 ? 4 * chunk_groups : 64);
  }
  rm_amx_configure(&all);
}

static TARGET void run_rows(const rm_int8_conv_call *call, ptrdiff_t row_begin, ptrdiff_t row_end) {
  const rm_int8_cut cut = rm_int8_tiles_cut(&tiles, &call->shape);
  source sources[BLOCK_TILES * RM_INT8_CONV_TAPS];
  uint8_t copies[COPY_BYTES + RM_INT8_OVERREAD];
  batch three[3], *batches[3] = {three, three + 1, three + 2};
  rm_int8_panel walk = rm_int8_tiles_before(&tiles, call);
  panel panels[PANELS];
  rm_int8_tile tile = {.residual = call->residual, .call = call};
  while (rm_int8_tiles_next(&tiles, &walk, &tile)) panels[walk.index] = (panel){tile, walk.first, walk.vectors};
  // Before the first batches there is nothing to finish.
  three[1].panel = three[2].panel = panels;
  three[1].count = three[2].count = 0;
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
  finish_all(batches);
}

// NULL where tiles are used, else why not.
const char *rm_int8_conv_refusal__amx(const rm_int8_conv_shape *s) {
  const rm_int8_cut c = rm_int8_tiles_cut(&tiles, s);
  if (most_copied(s) > COPY_BYTES) return "borders too large for AMX";
  if (rm_int8_tiles_panels(&tiles, s) > PANELS) return "too many channels for AMX";
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

TARGET void rm_int8_conv__amx(const rm_int8_conv_call *call, ptrdiff_t row_begin, ptrdiff_t row_end) {
  rm_int8_conv_expect(call, row_begin, row_end);
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
