// SPDX-License-Identifier: Apache-2.0
// Convolution on halves by products of bf16 in tiles (AMX), summed up as floats.
//
// Pixels go to the stage as bf16, once for each row of the input: a ring of as many rows as the window has, of a strip
// of columns. There a row of the window is one run of numbers, and windows of neighbouring outputs lie a constant
// stride apart: a tile of 16 outputs by 32 terms is loaded from the stage as it is, and no patch matrix is made. Sums
// of up to 64 outputs by 16 channels, or 32 by 32, fill four tiles; two hold outputs' terms, two hold weights.
//
// A run that is no multiple of 32 ends with a tile that begins 32 before its end, and has zero weights for what the
// tile before has done; a run shorter than 32 has shorter tiles.
//
// A half is the sum of two bf16, one of its 8 upper bits and one of the rest. With parts = 2 weights and pixels are
// such sums, and the product of the two lower ones, at most 2^-18 of the whole, is left out. With parts = 1 they are
// rounded to bf16.
#if defined(__x86_64__)

#include <string.h>

#include "../reference/real_tables.h"
#include "amx.h"

#define TARGET                                                                                                     \
  __attribute__((target("amx-tile,amx-bf16,avx512fp16,avx512bf16,avx512vbmi2,avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c")))
#define INLINE TARGET static inline __attribute__((always_inline))

enum {
  TERMS = 32,    // numbers in a row of a tile
  CHANNELS = 16, // of a panel of weights
  MOST_TILES = 4,
  STAGE = 2 * RM_REAL_CONV_STAGE,
  LONGEST_STRIP = 256,
};

// How a shape's weights are cut into tiles.
typedef struct {
  int pitch;     // numbers of a staged pixel: channels of a group, and a zero where they are odd
  int segments;  // runs of numbers in a window
  int span;      // numbers of each
  int tiles;     // of a segment
  int cells;     // rows of a tile of weights: pairs of numbers
  int panels;    // of a group
  int rows;      // outputs in a tile
} form;

static form form_of(const rm_real_conv *c) {
  form f = {.rows = RM_AMX_ROWS};
  f.pitch = (c->in_channels / c->groups + 1) & ~1;
  const int joined = c->kernel_columns == 1 || c->dilation_columns == 1;
  f.segments = joined ? c->kernel_rows : c->kernel_rows * c->kernel_columns;
  f.span = joined ? c->kernel_columns * f.pitch : f.pitch;
  f.tiles = (f.span + TERMS - 1) / TERMS;
  f.cells = (f.span < TERMS ? f.span : TERMS) / 2;
  f.panels = (c->out_channels / c->groups + CHANNELS - 1) / CHANNELS;
  return f;
}

// The first number of a tile of a segment.
static int tile_start(const form *f, int tile) {
  return f->span > TERMS && (tile + 1) * TERMS > f->span ? f->span - TERMS : tile * TERMS;
}

static ptrdiff_t panel_bytes(const form *f, int parts) {
  return (ptrdiff_t)f->segments * f->tiles * parts * f->cells * RM_AMX_ROW_BYTES;
}

static size_t packed_bytes(const rm_real_conv *c, int parts) {
  const form f = form_of(c);
  return (size_t)(c->groups * f.panels * panel_bytes(&f, parts));
}

// [groups][panels][segments][tiles][parts][cells][CHANNELS][2]
static void pack(const rm_real_conv *c, const float *weights, uint16_t *out, int parts) {
  const form f = form_of(c);
  const int in_group = c->in_channels / c->groups, out_group = c->out_channels / c->groups;
  const int taps = c->kernel_rows * c->kernel_columns, taps_each = taps / f.segments;
  for (int panel = 0; panel < c->groups * f.panels; panel++) {
    const int group = panel / f.panels, first = panel % f.panels * CHANNELS;
    for (int segment = 0; segment < f.segments; segment++) {
      for (int tile = 0; tile < f.tiles; tile++) {
        for (int part = 0; part < parts; part++) {
          for (int cell = 0; cell < f.cells * CHANNELS * 2; cell++) {
            const int channel = first + cell / 2 % CHANNELS;
            const int k = tile_start(&f, tile) + cell / (2 * CHANNELS) * 2 + cell % 2;
            const int tap = segment * taps_each + k / f.pitch, in = k % f.pitch;
            float x = 0;
            if (channel < out_group && in < in_group && k >= tile * TERMS)
              x = weights[((ptrdiff_t)(group * out_group + channel) * taps + tap) * in_group + in];
            uint16_t upper;
            if (parts == 2) rm_real_to_halves(&x, &upper, 1), rm_real_from_halves(&upper, &x, 1);
            rm_real_to_bf16(&x, &upper, 1);
            if (part == 1) {
              const uint32_t bits = (uint32_t)upper << 16;
              float whole;
              memcpy(&whole, &bits, sizeof whole);
              x -= whole;
              rm_real_to_bf16(&x, &upper, 1);
            }
            *out++ = upper;
          }
        }
      }
    }
  }
}

INLINE __m512 widened(__m256i bf16) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bf16), 16));
}

// 32 halves as bf16; what they leave over goes `lower` numbers behind.
INLINE void stage_vector(__m512i halves, uint16_t *out, __mmask32 some, ptrdiff_t lower, const int parts) {
  const __m512 a = _mm512_cvtph_ps(_mm512_castsi512_si256(halves));
  const __m512 b = _mm512_cvtph_ps(_mm512_extracti64x4_epi64(halves, 1));
  const __m512i upper = (__m512i)_mm512_cvtne2ps_pbh(b, a);
  _mm512_mask_storeu_epi16(out, some, upper);
  if (parts == 1) return;
  const __m512 c = _mm512_sub_ps(a, widened(_mm512_castsi512_si256(upper)));
  const __m512 d = _mm512_sub_ps(b, widened(_mm512_extracti64x4_epi64(upper, 1)));
  _mm512_mask_storeu_epi16(out + lower, some, (__m512i)_mm512_cvtne2ps_pbh(d, c));
}

INLINE __mmask32 first(ptrdiff_t count) { return count >= TERMS ? ~0u : count <= 0 ? 0 : (1u << count) - 1; }

// `pixels` pixels side by side, to `pitch` numbers each.
INLINE void stage_pixels(const uint16_t *in, ptrdiff_t stride, ptrdiff_t pixels, int channels, int pitch,
                         uint16_t *out, ptrdiff_t lower, const int parts) {
  if (stride == channels && pitch == channels) {
    const ptrdiff_t count = pixels * channels;
    ptrdiff_t i = 0;
    for (; i + TERMS <= count; i += TERMS) stage_vector(_mm512_loadu_si512(in + i), out + i, ~0u, lower, parts);
    if (i < count) stage_vector(_mm512_maskz_loadu_epi16(first(count - i), in + i), out + i, first(count - i), lower, parts);
    return;
  }
  if (stride == channels && TERMS % pitch == 0) {
    // A zero behind each pixel, several pixels at a time.
    const __mmask32 odd = pitch == 2 ? 0x55555555 : pitch == 4 ? 0x77777777 : pitch == 8 ? 0x7f7f7f7f
                          : pitch == 16 ? 0x7fff7fff : 0x7fffffff;
    const int each = TERMS / pitch;
    for (ptrdiff_t i = 0; i < pixels; i += each) {
      const ptrdiff_t left = pixels - i < each ? pixels - i : each;
      const __m512i packed = _mm512_maskz_loadu_epi16(first(left * channels), in + i * channels);
      stage_vector(_mm512_maskz_expand_epi16(odd, packed), out + i * pitch, first(left * pitch), lower, parts);
    }
    return;
  }
  for (ptrdiff_t i = 0; i < pixels; i++, in += stride, out += pitch)
    for (int k = 0; k < pitch; k += TERMS)
      stage_vector(_mm512_maskz_loadu_epi16(first(channels - k), in + k), out + k, first(pitch - k), lower, parts);
}

// One block of outputs: up to 64 of one panel, or 32 of two.
typedef struct {
  const rm_real_conv *conv;
  const form *form;
  const uint16_t *const *segments;  // of the run's first output
  ptrdiff_t offset;                 // numbers from its window to that of the block's first
  ptrdiff_t step;   // bytes from an output's window to the next
  ptrdiff_t lower;  // numbers from the upper part of a pixel to the lower
  const uint8_t *weights;
  ptrdiff_t panel_bytes;
  ptrdiff_t pixel;    // the first output
  int channel, channels, pixels;
} block;

// Sums of a block, which become its outputs while the products of the next are under way.
typedef struct {
  _Alignas(64) float sums[2][MOST_TILES][RM_AMX_ROWS * CHANNELS];
  block waiting;
  int turn;    // of the sums that are to be written
  int panels;  // of the block that waits; 0 where none does
} pipeline;

INLINE __m512h limit(float x) {
  return _mm512_castsi512_ph(_mm512_set1_epi16((short)_cvtss_sh(x, _MM_FROUND_TO_NEAREST_INT)));
}

// Limits come after rounding: both keep order, so the result is the same.
INLINE void finish_panels(const pipeline *line, const int panels, const int joins) {
  const block *b = &line->waiting;
  const float(*sums)[RM_AMX_ROWS * CHANNELS] = line->sums[line->turn ^ 1];
  const rm_real_conv *c = b->conv;
  const __m512 low = _mm512_set1_ps(c->low), high = _mm512_set1_ps(c->high);
  const __m512h least = limit(c->low), most = limit(c->high);
  const __mmask32 some = first(b->channels);
  __m512 bias[2];
#pragma unroll
  for (int n = 0; n < panels; n++)
    bias[n] = c->bias ? _mm512_maskz_loadu_ps((__mmask16)(some >> 16 * n), c->bias + b->channel + 16 * n) : _mm512_setzero_ps();
  uint16_t *out = (uint16_t *)c->output + b->pixel * c->out_stride + b->channel;
  const uint16_t *residual = c->residual ? (const uint16_t *)c->residual + b->pixel * c->residual_stride + b->channel : NULL;
  const int rows = b->form->rows;
  const float *row = sums[0];
  int in_tile = 0;
  for (int p = 0; p < b->pixels; p++, out += c->out_stride, row += CHANNELS) {
    if (in_tile++ == rows) {
      sums += panels;
      row = sums[0];
      in_tile = 1;
    }
    __m256i half[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
#pragma unroll
    for (int n = 0; n < panels; n++) {
      __m512 x = _mm512_add_ps(bias[n], _mm512_load_ps(row + n * RM_AMX_ROWS * CHANNELS));
      if (joins) {
        const __m512 y = _mm512_cvtph_ps(_mm256_maskz_loadu_epi16((__mmask16)(some >> 16 * n), residual + 16 * n));
        x = c->add_first ? _mm512_add_ps(x, y) : _mm512_add_ps(_mm512_min_ps(high, _mm512_max_ps(low, x)), y);
      }
      half[n] = _mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    }
    __m512i both = _mm512_inserti64x4(_mm512_castsi256_si512(half[0]), half[1], 1);
    if (!joins || c->add_first)
      both = _mm512_castph_si512(_mm512_min_ph(most, _mm512_max_ph(least, _mm512_castsi512_ph(both))));
    _mm512_mask_storeu_epi16(out, some, both);
    if (joins) residual += c->residual_stride;
  }
}

INLINE void finish(pipeline *line) {
  const int joins = line->panels && line->waiting.conv->residual;
  if (line->panels == 2)
    joins ? finish_panels(line, 2, 1) : finish_panels(line, 2, 0);
  else if (line->panels == 1)
    joins ? finish_panels(line, 1, 1) : finish_panels(line, 1, 0);
  line->panels = 0;
}

#define A(m, part) ((const uint8_t *)(in + (part) * b->lower) + (m) * next)
#define B(n, part) (w + (n) * b->panel_bytes + (part) * tile_bytes)

// The sums of `tiles` tiles of outputs by one panel.
#define ONE_PANEL(tiles, part_in, part_w)            \
  do {                                               \
    _tile_loadd(6, B(0, part_w), RM_AMX_ROW_BYTES);  \
    _tile_loadd(4, A(0, part_in), b->step);          \
    _tile_dpbf16ps(0, 4, 6);                         \
    if ((tiles) > 1) {                               \
      _tile_loadd(5, A(1, part_in), b->step);        \
      _tile_dpbf16ps(1, 5, 6);                       \
    }                                                \
    if ((tiles) > 2) {                               \
      _tile_loadd(4, A(2, part_in), b->step);        \
      _tile_dpbf16ps(2, 4, 6);                       \
    }                                                \
    if ((tiles) > 3) {                               \
      _tile_loadd(5, A(3, part_in), b->step);        \
      _tile_dpbf16ps(3, 5, 6);                       \
    }                                                \
  } while (0)

#define LOAD_IN(tiles, part)                                \
  do {                                                      \
    _tile_loadd(4, A(0, part), b->step);                    \
    if ((tiles) > 1) _tile_loadd(5, A(1, part), b->step);   \
  } while (0)
#define LOAD_WEIGHTS(part)                        \
  do {                                            \
    _tile_loadd(6, B(0, part), RM_AMX_ROW_BYTES); \
    _tile_loadd(7, B(1, part), RM_AMX_ROW_BYTES); \
  } while (0)
#define MULTIPLY(tiles)        \
  do {                         \
    _tile_dpbf16ps(0, 4, 6);   \
    _tile_dpbf16ps(1, 4, 7);   \
    if ((tiles) > 1) {         \
      _tile_dpbf16ps(2, 5, 6); \
      _tile_dpbf16ps(3, 5, 7); \
    }                          \
  } while (0)

INLINE void run_block(pipeline *line, const block *b, const int tiles, const int panels, const int parts) {
  const form *f = b->form;
  const ptrdiff_t tile_bytes = (ptrdiff_t)f->cells * RM_AMX_ROW_BYTES, next = f->rows * b->step;
  const uint8_t *w = b->weights;
  _tile_zero(0);
  if (panels * tiles > 1) _tile_zero(1);
  if (panels * tiles > 2) _tile_zero(2);
  if (panels * tiles > 3) _tile_zero(3);
  for (int s = 0; s < f->segments; s++) {
    for (int t = 0; t < f->tiles; t++, w += parts * tile_bytes) {
      const uint16_t *in = b->segments[s] + b->offset + tile_start(f, t);
      if (panels == 2) {
        LOAD_WEIGHTS(0);
        if (parts == 2) {
          LOAD_IN(tiles, 1);
          MULTIPLY(tiles);
        }
        LOAD_IN(tiles, 0);
        MULTIPLY(tiles);
        if (parts == 2) {
          LOAD_WEIGHTS(1);
          MULTIPLY(tiles);
        }
      } else {
        if (parts == 2) {
          ONE_PANEL(tiles, 1, 0);
          ONE_PANEL(tiles, 0, 1);
        }
        ONE_PANEL(tiles, 0, 0);
      }
    }
  }
  finish(line);
  float(*sums)[RM_AMX_ROWS * CHANNELS] = line->sums[line->turn];
  _tile_stored(0, sums[0], RM_AMX_ROW_BYTES);
  if (panels * tiles > 1) _tile_stored(1, sums[1], RM_AMX_ROW_BYTES);
  if (panels * tiles > 2) _tile_stored(2, sums[2], RM_AMX_ROW_BYTES);
  if (panels * tiles > 3) _tile_stored(3, sums[3], RM_AMX_ROW_BYTES);
  line->waiting = *b;
  line->panels = panels;
  line->turn ^= 1;
}

INLINE void run_one_panel(pipeline *line, const block *b, const int parts) {
  const int rows = b->form->rows;
  if (b->pixels > 3 * rows)
    run_block(line, b, 4, 1, parts);
  else if (b->pixels > 2 * rows)
    run_block(line, b, 3, 1, parts);
  else if (b->pixels > rows)
    run_block(line, b, 2, 1, parts);
  else
    run_block(line, b, 1, 1, parts);
}

// The window on the stage.
typedef struct {
  uint16_t *numbers;
  ptrdiff_t row_numbers;  // of a staged row
  ptrdiff_t lower;
  int first_column;       // of the input, may be left of it
  int columns;
  ptrdiff_t held[RM_REAL_CONV_TAPS];  // the row of the input in each place, or -1
} stage;

// The place of a row of the window; `row` counts from the top of the picture and may lie outside.
INLINE const uint16_t *staged_row(const rm_real_conv *c, const form *f, stage *s, ptrdiff_t picture, int row, int place,
                                  int group_channel, const int parts) {
  uint16_t *to = s->numbers + place * s->row_numbers;
  const int inside = row >= 0 && row < c->in_rows;
  const ptrdiff_t line = picture * c->in_rows + row;
  if (inside && s->held[place] == line) return to;
  s->held[place] = inside ? line : -1;
  int low = 0, high = s->columns;
  if (inside) {
    low = s->first_column < 0 ? -s->first_column : 0;
    if (low > s->columns) low = s->columns;
    high = c->in_columns - s->first_column;
    if (high > s->columns) high = s->columns;
    if (high < low) high = low;
  } else {
    low = high = s->columns;
  }
  for (int part = 0; part < parts; part++) {
    uint16_t *at = to + part * s->lower;
    memset(at, 0, (size_t)(low * f->pitch) * sizeof *at);
    memset(at + high * f->pitch, 0, (size_t)((s->columns - high) * f->pitch) * sizeof *at);
  }
  const uint16_t *in = (const uint16_t *)c->input + (line * c->in_columns + s->first_column + low) * c->in_stride + group_channel;
  if (high > low)
    stage_pixels(in, c->in_stride, high - low, c->in_channels / c->groups, f->pitch, to + low * f->pitch, s->lower, parts);
  return to;
}

// `pixels` outputs side by side by all panels of a group. `segments` and `pixel` are the first one's.
INLINE void run_row(pipeline *line, const rm_real_conv *c, const form *f, const stage *s, const uint16_t *const segments[],
                    ptrdiff_t pixel, int pixels, int group, const int parts) {
  const int out_group = c->out_channels / c->groups;
  const ptrdiff_t bytes = panel_bytes(f, parts), step = (ptrdiff_t)c->stride_columns * f->pitch;
  for (int panel = 0; panel < f->panels; panel += 2) {
    const int left = out_group - panel * CHANNELS, both = left > CHANNELS;
    const int channel = group * out_group + panel * CHANNELS, channels = left < 2 * CHANNELS ? left : 2 * CHANNELS;
    block b = {
        .conv = c, .form = f, .segments = segments, .step = step * (ptrdiff_t)sizeof(uint16_t), .lower = s->lower,
        .weights = (const uint8_t *)c->weights + (group * f->panels + panel) * bytes, .panel_bytes = bytes,
        .channel = channel, .channels = channels,
    };
    const int most = both ? 2 * f->rows : 4 * f->rows;
    for (int p = 0; p < pixels; p += most) {
      b.offset = p * step;
      b.pixel = pixel + p;
      b.pixels = pixels - p < most ? pixels - p : most;
      if (!both)
        run_one_panel(line, &b, parts);
      else if (b.pixels > f->rows)
        run_block(line, &b, 2, 2, parts);
      else
        run_block(line, &b, 1, 2, parts);
    }
  }
}

TARGET static void configure(const form *f) {
  rm_amx_shapes shapes = {.palette = 1};
  for (int i = 0; i < 8; i++) {
    shapes.rows[i] = (uint8_t)(i < 6 ? f->rows : f->cells);
    shapes.row_bytes[i] = i == 4 || i == 5 ? (uint16_t)(f->cells * 4) : RM_AMX_ROW_BYTES;
  }
  _tile_loadconfig(&shapes);
}

INLINE void conv(const rm_real_conv *c, ptrdiff_t begin, ptrdiff_t end, const int parts) {
  const ptrdiff_t all = (ptrdiff_t)c->batch * c->out_rows * c->out_columns;
  const ptrdiff_t from = begin * RM_REAL_CONV_TILE;
  const ptrdiff_t to = end * RM_REAL_CONV_TILE < all ? end * RM_REAL_CONV_TILE : all;
  if (from >= to) return;
  rm_real_conv flat = *c;
  if (c->kernel_rows * c->kernel_columns == 1 && c->stride_rows == 1 && c->stride_columns == 1 && !c->pad_top &&
      !c->pad_left && c->out_rows == c->in_rows && c->out_columns == c->in_columns) {
    // Windows of one pixel see one long row.
    flat.in_rows = flat.out_rows = flat.batch = 1;
    flat.in_columns = flat.out_columns = (int)all;
  }
  c = &flat;
  form f = form_of(c);
  uint16_t numbers[STAGE];
  const int window = (c->kernel_columns - 1) * c->dilation_columns + 1;
  const int places = c->kernel_rows;
  // The last tile of a strip reaches over its end, and the stage has room for that.
  const int room = (STAGE / (parts * places * f.pitch) - window) / c->stride_columns + 1;
  if (room < 2 * RM_AMX_ROWS) f.rows = (room + 1) / 2;
  int strip = room - f.rows + 1;
  if (strip > LONGEST_STRIP) strip = LONGEST_STRIP;
  if (strip > 2 * RM_AMX_ROWS) strip &= -(2 * RM_AMX_ROWS);
  const ptrdiff_t first_line = from / c->out_columns, last_line = (to - 1) / c->out_columns;
  const int start = first_line == last_line ? (int)(from % c->out_columns) : 0;
  const int stop = first_line == last_line ? (int)((to - 1) % c->out_columns) + 1 : c->out_columns;
  configure(&f);
  pipeline pipe;
  pipe.turn = pipe.panels = 0;
  for (int group = 0; group < c->groups; group++) {
    for (int left = start; left < stop; left += strip) {
      const int outputs = stop - left < strip ? stop - left : strip;
      stage s = {.numbers = numbers, .first_column = left * c->stride_columns - c->pad_left,
                 .columns = (outputs - 1) * c->stride_columns + window};
      s.row_numbers = (ptrdiff_t)(s.columns + (f.rows - 1) * c->stride_columns) * f.pitch;
      s.lower = places * s.row_numbers;
      for (int i = 0; i < places; i++) s.held[i] = -1;
      for (ptrdiff_t line = first_line; line <= last_line; line++) {
        const ptrdiff_t picture = line / c->out_rows;
        const int top = (int)(line % c->out_rows) * c->stride_rows - c->pad_top;
        const int low = line == first_line && from % c->out_columns > left ? (int)(from % c->out_columns) : left;
        const int high = line == last_line && (to - 1) % c->out_columns + 1 < left + outputs
                             ? (int)((to - 1) % c->out_columns) + 1 : left + outputs;
        if (low >= high) continue;
        const uint16_t *segments[RM_REAL_CONV_TAPS];
        const ptrdiff_t offset = (ptrdiff_t)(low - left) * c->stride_columns * f.pitch;
        for (int i = 0; i < c->kernel_rows; i++) {
          const int row = top + i * c->dilation_rows;
          // Rows that windows share keep their place; a negative one is only ever zeros.
          const int place = c->dilation_rows == 1 ? (row % places + places) % places : i;
          const uint16_t *in = staged_row(c, &f, &s, picture, row, place, group * (c->in_channels / c->groups), parts);
          const int each = f.segments / c->kernel_rows;
          for (int j = 0; j < each; j++) segments[i * each + j] = in + offset + j * c->dilation_columns * f.pitch;
        }
        run_row(&pipe, c, &f, &s, segments, line * c->out_columns + low, high - low, group, parts);
      }
    }
  }
  finish(&pipe);
  _tile_release();
}

TARGET void rm_f16_conv__amx(const rm_real_conv *c, ptrdiff_t begin, ptrdiff_t end) { conv(c, begin, end, 2); }
TARGET void rm_f16_conv__amxbf16(const rm_real_conv *c, ptrdiff_t begin, ptrdiff_t end) { conv(c, begin, end, 1); }
size_t rm_f16_conv_packed_bytes__amx(const rm_real_conv *c) { return packed_bytes(c, 2); }
size_t rm_f16_conv_packed_bytes__amxbf16(const rm_real_conv *c) { return packed_bytes(c, 1); }
void rm_f16_conv_pack__amx(const rm_real_conv *c, const float *weights, void *packed) { pack(c, weights, packed, 2); }
void rm_f16_conv_pack__amxbf16(const rm_real_conv *c, const float *weights, void *packed) { pack(c, weights, packed, 1); }

#endif
