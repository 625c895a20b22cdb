// SPDX-License-Identifier: Apache-2.0
// Where bilinear samples lie. Included behind ISA, NAME(kernel) and
//   blend make_blend(x, y, bits)           weights of the second column and row in 1/2^bits, bits up to 6
//   void sample(const rm_int8_corners *, const blend *, uint8_t *out, channels)
//   fine_blend make_fine_blend(x, y)       the same in 1/2048
//   void sample_fine(const rm_int8_corners *, const fine_blend *, uint8_t *out, channels)

static int coarse_weights(const rm_int8_tap *taps, int32_t count) {
  int32_t bits = 0;
  for (int32_t i = 0; i < count; i++) bits |= taps[i].weight;
  return bits % 32 == 0;
}

static int32_t below(int32_t a, int32_t b) { return a < b ? a : b; }

ISA void NAME(rm_int8_resize)(const rm_int8_resize_call *call, ptrdiff_t row_begin, ptrdiff_t row_end) {
  const int coarse = coarse_weights(call->rows, call->out_rows) && coarse_weights(call->columns, call->out_columns);
  const ptrdiff_t pixel = call->in_pixel, in_row = call->in_columns * pixel;
  for (int32_t row = (int32_t)row_begin; row < row_end; row++) {
    const rm_int8_tap y = call->rows[row];
    const int32_t first = y.first - call->first_row;
    const uint8_t *upper = call->in + first * in_row;
    const uint8_t *lower = call->in + below(first + 1, call->in_rows - 1) * in_row;
    uint8_t *out = call->out + (ptrdiff_t)row * call->out_columns * call->out_pixel;
    for (int32_t column = 0; column < call->out_columns; column++, out += call->out_pixel) {
      const rm_int8_tap x = call->columns[column];
      const ptrdiff_t left = x.first * pixel, right = below(x.first + 1, call->in_columns - 1) * pixel;
      const rm_int8_corners from = {upper + left, upper + right, lower + left, lower + right};
      if (coarse) {
        const blend b = make_blend(x.weight / 32, y.weight / 32, 6);
        sample(&from, &b, out, call->channels);
      } else {
        const fine_blend b = make_fine_blend(x.weight, y.weight);
        sample_fine(&from, &b, out, call->channels);
      }
    }
  }
}

ISA void NAME(rm_int8_sample)(const rm_int8_sample_call *call, ptrdiff_t row_begin, ptrdiff_t row_end) {
  const ptrdiff_t pixel = call->source_pixel, source_row = call->source_columns * pixel;
  for (ptrdiff_t at = row_begin * call->columns; at < row_end * call->columns; at++) {
    const uint8_t *point = call->grid + at * call->grid_pixel;
    const int32_t x = call->xs[point[0]], y = call->ys[point[1]], x0 = x >> 6, y0 = y >> 6;
    const ptrdiff_t left = x0 * pixel, right = below(x0 + 1, call->source_columns - 1) * pixel;
    const uint8_t *upper = call->source + y0 * source_row;
    const uint8_t *lower = call->source + below(y0 + 1, call->source_rows - 1) * source_row;
    const rm_int8_corners from = {upper + left, upper + right, lower + left, lower + right};
    const blend b = make_blend(x & 63, y & 63, 6);
    sample(&from, &b, call->out + at * call->out_pixel, call->channels);
  }
}

// Both offsets of a pixel in 1/32 pixel.
typedef struct {
  int32_t x, y;
} offset;

INLINE ISA offset mixed_offset(const rm_int8_warp_call *call, int32_t row, int32_t column) {
  const ptrdiff_t pixel = (ptrdiff_t)row * call->columns + column, step = call->offsets_pixel;
  const uint8_t *at = call->offsets + pixel * step;
  if (!call->scores) return (offset){2 * (at[0] - 128), 2 * (at[1] - 128)};
  uint16_t mask[9];
  rm_int8_weigh(call->scores + pixel * call->scores_pixel, 9, call->table, mask);
  offset sum = {64, 64};
  for (int32_t y = row ? -1 : 0; y <= (row + 1 < call->rows); y++) {
    for (int32_t x = column ? -1 : 0; x <= (column + 1 < call->columns); x++) {
      const uint8_t *neighbour = at + ((ptrdiff_t)y * call->columns + x) * step;
      const int32_t weight = mask[(y + 1) * 3 + x + 1];
      sum.x += weight * (neighbour[0] - 128);
      sum.y += weight * (neighbour[1] - 128);
    }
  }
  return (offset){sum.x >> 7, sum.y >> 7};
}

ISA void NAME(rm_int8_warp)(const rm_int8_warp_call *call, ptrdiff_t row_begin, ptrdiff_t row_end) {
  const int32_t bits = call->coarse ? 6 : 5, fraction = (1 << bits) - 1, shift = call->coarse ? 16 : 0;
  const ptrdiff_t pixel = call->source_pixel, source_row = call->source_columns * pixel;
  for (int32_t row = (int32_t)row_begin; row < row_end; row++) {
    uint8_t *out = call->out + (ptrdiff_t)row * call->columns * call->out_pixel;
    for (int32_t column = 0; column < call->columns; column++, out += call->out_pixel) {
      const offset o = mixed_offset(call, row, column);
      const int32_t x = rm_int8_clamp(32 * column + o.x - shift, 0, (call->source_columns - 1) << bits);
      const int32_t y = rm_int8_clamp(32 * row + o.y - shift, 0, (call->source_rows - 1) << bits);
      const int32_t x0 = x >> bits, y0 = y >> bits;
      const ptrdiff_t left = x0 * pixel, right = below(x0 + 1, call->source_columns - 1) * pixel;
      const uint8_t *upper = call->source + y0 * source_row;
      const uint8_t *lower = call->source + below(y0 + 1, call->source_rows - 1) * source_row;
      const rm_int8_corners from = {upper + left, upper + right, lower + left, lower + right};
      const blend b = make_blend(x & fraction, y & fraction, bits);
      sample(&from, &b, out, call->channels);
    }
  }
}
