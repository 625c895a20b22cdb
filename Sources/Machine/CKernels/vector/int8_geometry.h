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

// Pixels of a row whose offsets are mixed together: vectors that compilers split as the instruction set asks.
enum { MIXED = 8 };
typedef int32_t ints __attribute__((vector_size(4 * MIXED)));
typedef float floats __attribute__((vector_size(4 * MIXED)));

// The softmax of rm_int8_weigh for `count` pixels. A product with the reciprocal is off by one at most.
ISA static void mask_weights(const rm_int8_warp_call *call, const uint8_t *scores, int32_t count, ints weights[9]) {
  ints levels[9], first = {0}, sum = {0};
  for (int i = 0; i < MIXED; i++) {
    const uint8_t *at = scores + (i < count ? i : 0) * call->scores_pixel;
    for (int n = 0; n < 9; n++) levels[n][i] = at[n];
  }
  ints largest = levels[0];
  for (int n = 1; n < 9; n++) {
    const ints more = levels[n] > largest;
    first = (more & n) | (~more & first);
    largest = (more & levels[n]) | (~more & largest);
  }
  for (int n = 0; n < 9; n++) {
    const ints steps = largest - levels[n];
    for (int i = 0; i < MIXED; i++) weights[n][i] = call->table[steps[i]];
    sum += weights[n];
  }
  const floats share = 1 / __builtin_convertvector(sum, floats);
  ints rest = first * 0 + 256;
  for (int n = 0; n < 9; n++) {
    const ints e = weights[n] * 256, near = __builtin_convertvector(__builtin_convertvector(e, floats) * share, ints);
    const ints left = e - near * sum;
    weights[n] = near - (left >= sum) + (left < 0);
    rest -= weights[n];
  }
  for (int i = 0; i < MIXED; i++) weights[first[i]][i] += rest[i];
}

// In 1/32 pixel.
typedef struct {
  ints x, y;
} offsets;

// Of `count` pixels from `column` on.
ISA static void mix_offsets(const rm_int8_warp_call *call, int32_t row, int32_t column, int32_t count, offsets *out) {
  const ptrdiff_t pixel = (ptrdiff_t)row * call->columns + column, step = call->offsets_pixel;
  if (!call->scores) {
    const uint8_t *at = call->offsets + pixel * step;
    for (int32_t i = 0; i < count; i++, at += step) out->x[i] = 2 * (at[0] - 128), out->y[i] = 2 * (at[1] - 128);
    return;
  }
  ints weights[9], x = {0}, y = {0};
  mask_weights(call, call->scores + pixel * call->scores_pixel, count, weights);
  const int32_t begin = column > 0 ? column - 1 : 0, end = below(column + count + 1, call->columns);
  for (int32_t ky = row > 0 ? 0 : 1; ky < below(3, call->rows - row + 1); ky++) {
    // Of the columns from column - 1 on.
    int32_t xs[MIXED + 2] = {0}, ys[MIXED + 2] = {0};
    const uint8_t *at = call->offsets + ((ptrdiff_t)(row + ky - 1) * call->columns + begin) * step;
    for (int32_t i = begin - column + 1; i < end - column + 1; i++, at += step) {
      xs[i] = at[0] - 128;
      ys[i] = at[1] - 128;
    }
    for (int kx = 0; kx < 3; kx++) {
      ints there;
      memcpy(&there, xs + kx, sizeof there);
      x += weights[3 * ky + kx] * there;
      memcpy(&there, ys + kx, sizeof there);
      y += weights[3 * ky + kx] * there;
    }
  }
  *out = (offsets){(x + 64) >> 7, (y + 64) >> 7};
}

ISA void NAME(rm_int8_warp)(const rm_int8_warp_call *call, ptrdiff_t row_begin, ptrdiff_t row_end) {
  const int32_t bits = call->coarse ? 6 : 5, fraction = (1 << bits) - 1, shift = call->coarse ? 16 : 0;
  const ptrdiff_t pixel = call->source_pixel, source_row = call->source_columns * pixel;
  offsets o;
  for (int32_t row = (int32_t)row_begin; row < row_end; row++) {
    uint8_t *out = call->out + (ptrdiff_t)row * call->columns * call->out_pixel;
    for (int32_t column = 0; column < call->columns; column++, out += call->out_pixel) {
      const int32_t i = column % MIXED;
      if (i == 0) mix_offsets(call, row, column, below(call->columns - column, MIXED), &o);
      const int32_t x = rm_int8_clamp(32 * column + o.x[i] - shift, 0, (call->source_columns - 1) << bits);
      const int32_t y = rm_int8_clamp(32 * row + o.y[i] - shift, 0, (call->source_rows - 1) << bits);
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
