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

#include "f16_amx_block.inc"

// `pixels` outputs side by side by all panels of a group. `segments` and `pixel` are the first one's.
INLINE void run_row(pipeline *line, const rm_float_conv *c, const form *f, const stage *s,
                    const uint16_t *const segments[], ptrdiff_t pixel, int pixels, int group, const int parts) {
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
  rm_amx_tiles tiles = {.palette = 1};
  for (int i = 0; i < 8; i++) {
    tiles.rows[i] = (uint8_t)(i < 6 ? f->rows : f->cells);
    tiles.bytes[i] = i == 4 || i == 5 ? (uint16_t)(f->cells * 4) : RM_AMX_ROW_BYTES;
  }
  rm_amx_configure(&tiles);
}

INLINE void conv(const rm_float_conv *c, ptrdiff_t begin, ptrdiff_t end, const int parts) {
  const ptrdiff_t all = (ptrdiff_t)c->batch * c->out_rows * c->out_columns;
  const ptrdiff_t from = begin * RM_FLOAT_CONV_TILE;
  const ptrdiff_t to = end * RM_FLOAT_CONV_TILE < all ? end * RM_FLOAT_CONV_TILE : all;
  if (from >= to) return;
  rm_float_conv flat = *c;
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
        const uint16_t *segments[RM_FLOAT_CONV_TAPS];
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

TARGET void rm_f16_conv__amx(const rm_float_conv *c, ptrdiff_t begin, ptrdiff_t end) {
  rm_float_conv_expect(c, begin, end);
  conv(c, begin, end, 2);
}

TARGET void rm_bf16_conv__amx(const rm_float_conv *c, ptrdiff_t begin, ptrdiff_t end) {
  rm_float_conv_expect(c, begin, end);
  conv(c, begin, end, 1);
}

size_t rm_f16_conv_packed_bytes__amx(const rm_float_conv *c) { return packed_bytes(c, 2); }
size_t rm_bf16_conv_packed_bytes__amx(const rm_float_conv *c) { return packed_bytes(c, 1); }
void rm_f16_conv_pack__amx(const rm_float_conv *c, const float *weights, void *packed) { pack(c, weights, packed, 2); }
void rm_bf16_conv_pack__amx(const rm_float_conv *c, const float *weights, void *packed) {
  pack(c, weights, packed, 1);
}

#endif
