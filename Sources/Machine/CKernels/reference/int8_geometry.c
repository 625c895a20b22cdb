// SPDX-License-Identifier: Apache-2.0
#include "../int8.h"

static int32_t below(int32_t a, int32_t b) { return a < b ? a : b; }

void rm_int8_resize__scalar(const rm_int8_resize_call *call, ptrdiff_t row_begin, ptrdiff_t row_end) {
  rm_int8_resize_expect(call, row_begin, row_end);
  const ptrdiff_t pixel = call->in_pixel, in_row = call->in_columns * pixel;
  for (int32_t row = (int32_t)row_begin; row < row_end; row++) {
    const rm_int8_tap y = call->rows[row];
    const int32_t first = y.first - call->first_row;
    const uint8_t *upper = call->in + first * in_row;
    const uint8_t *lower = call->in + below(first + 1, call->in_rows - 1) * in_row;
    for (int32_t column = 0; column < call->out_columns; column++) {
      const rm_int8_tap x = call->columns[column];
      const ptrdiff_t left = x.first * pixel, right = below(x.first + 1, call->in_columns - 1) * pixel;
      uint8_t *out = call->out + ((ptrdiff_t)row * call->out_columns + column) * call->out_pixel;
      for (int32_t c = 0; c < call->channels; c++) {
        const int32_t above = (2048 - x.weight) * upper[left + c] + x.weight * upper[right + c];
        const int32_t under = (2048 - x.weight) * lower[left + c] + x.weight * lower[right + c];
        out[c] = (uint8_t)(((2048 - y.weight) * above + y.weight * under + (1 << 21)) >> 22);
      }
    }
  }
}

void rm_int8_sample__scalar(const rm_int8_sample_call *call, ptrdiff_t row_begin, ptrdiff_t row_end) {
  rm_int8_sample_expect(call, row_begin, row_end);
  const ptrdiff_t pixel = call->source_pixel, source_row = call->source_columns * pixel;
  for (ptrdiff_t at = row_begin * call->columns; at < row_end * call->columns; at++) {
    const uint8_t *point = call->grid + at * call->grid_pixel;
    const int32_t x = call->xs[point[0]], y = call->ys[point[1]];
    const int32_t x0 = x >> 6, fx = x & 63, x1 = below(x0 + 1, call->source_columns - 1);
    const int32_t y0 = y >> 6, fy = y & 63, y1 = below(y0 + 1, call->source_rows - 1);
    const uint8_t *upper = call->source + y0 * source_row, *lower = call->source + y1 * source_row;
    uint8_t *out = call->out + at * call->out_pixel;
    for (int32_t c = 0; c < call->channels; c++) {
      const int32_t above = (64 - fx) * upper[x0 * pixel + c] + fx * upper[x1 * pixel + c];
      const int32_t under = (64 - fx) * lower[x0 * pixel + c] + fx * lower[x1 * pixel + c];
      out[c] = (uint8_t)(((64 - fy) * above + fy * under + (1 << 11)) >> 12);
    }
  }
}

// The offset of one pixel along one axis in 1/32 pixel; `mask` is of the pixel, or NULL.
static int32_t mixed_offset(const rm_int8_warp_call *call, const uint16_t *mask, int32_t row, int32_t column,
                            int32_t axis) {
  const ptrdiff_t pixel = (ptrdiff_t)row * call->columns + column;
  if (!mask) return 2 * (call->offsets[pixel * call->offsets_pixel + axis] - 128);
  int32_t sum = 64;
  for (int32_t n = 0; n < 9; n++) {
    const int32_t y = row + n / 3 - 1, x = column + n % 3 - 1;
    if (y < 0 || y >= call->rows || x < 0 || x >= call->columns) continue;
    const uint8_t offset = call->offsets[((ptrdiff_t)y * call->columns + x) * call->offsets_pixel + axis];
    sum += mask[n] * (offset - 128);
  }
  return sum >> 7;
}

void rm_int8_warp__scalar(const rm_int8_warp_call *call, ptrdiff_t row_begin, ptrdiff_t row_end) {
  rm_int8_warp_expect(call, row_begin, row_end);
  const int32_t bits = call->coarse ? 6 : 5, one = 1 << bits, shift = call->coarse ? 16 : 0;
  const ptrdiff_t pixel = call->source_pixel, source_row = call->source_columns * pixel;
  for (int32_t row = (int32_t)row_begin; row < row_end; row++) {
    for (int32_t column = 0; column < call->columns; column++) {
      uint16_t weights[9];
      const uint16_t *mask = call->scores ? weights : NULL;
      const ptrdiff_t at = (ptrdiff_t)row * call->columns + column;
      if (mask) rm_int8_weigh(call->scores + at * call->scores_pixel, 9, call->table, weights);
      const int32_t x = rm_int8_clamp(32 * column + mixed_offset(call, mask, row, column, 0) - shift, 0,
                                      (call->source_columns - 1) << bits);
      const int32_t y = rm_int8_clamp(32 * row + mixed_offset(call, mask, row, column, 1) - shift, 0,
                                      (call->source_rows - 1) << bits);
      const int32_t x0 = x >> bits, fx = x & (one - 1), x1 = below(x0 + 1, call->source_columns - 1);
      const int32_t y0 = y >> bits, fy = y & (one - 1), y1 = below(y0 + 1, call->source_rows - 1);
      const uint8_t *upper = call->source + y0 * source_row, *lower = call->source + y1 * source_row;
      uint8_t *out = call->out + at * call->out_pixel;
      for (int32_t c = 0; c < call->channels; c++) {
        const int32_t sum = (one - fx) * (one - fy) * upper[x0 * pixel + c] + fx * (one - fy) * upper[x1 * pixel + c] +
                            (one - fx) * fy * lower[x0 * pixel + c] + fx * fy * lower[x1 * pixel + c];
        out[c] = (uint8_t)((sum + (1 << (2 * bits - 1))) >> (2 * bits));
      }
    }
  }
}
