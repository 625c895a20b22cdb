// SPDX-License-Identifier: Apache-2.0
// Pooling, GROUP channels at a time. Included behind ISA, NAME(kernel), `bytes` of GROUP channels with load_bytes,
// all_bytes, greater and store_bytes, and
//   sums start(int32_t)                        32-bit sums of GROUP channels
//   void add_bytes(sums *, bytes), flush(sums *)  keeps what it adds in 16 bits, 256 times at most before a flush
//   rule make_rule(zero, low, high), bytes requantized(const sums *, float multiplier, const rule *)

typedef struct {
  int32_t begin, end;
} span;

static span inside(int32_t position, int32_t stride, int32_t pad, int32_t kernel, int32_t count) {
  const int32_t begin = position * stride - pad, end = begin + kernel;
  return (span){begin < 0 ? 0 : begin, end > count ? count : end};
}

ISA void NAME(rm_int8_max_pool)(const rm_int8_pool_call *call, ptrdiff_t row_begin, ptrdiff_t row_end) {
  const rm_int8_conv_shape *s = &call->shape;
  for (int32_t row = (int32_t)row_begin; row < row_end; row++) {
    const span ys = inside(row, s->stride_rows, s->pad_top, s->kernel_rows, s->in_rows);
    for (int32_t column = 0; column < s->out_columns; column++) {
      const span xs = inside(column, s->stride_columns, s->pad_left, s->kernel_columns, s->in_columns);
      uint8_t *out = call->out + ((ptrdiff_t)row * s->out_columns + column) * call->out_pixel;
      for (int32_t c = 0; c < s->out_channels; c += GROUP) {
        bytes most = all_bytes(0);
        for (int32_t y = ys.begin; y < ys.end; y++) {
          const uint8_t *in = call->in + ((ptrdiff_t)y * s->in_columns + xs.begin) * call->in_pixel + c;
          for (int32_t x = xs.begin; x < xs.end; x++, in += call->in_pixel) most = greater(most, load_bytes(in));
        }
        store_bytes(out + c, most, s->out_channels - c);
      }
    }
  }
}

INLINE ISA void gather(sums *to, int32_t *pending, const uint8_t *in, int32_t count, ptrdiff_t pixel) {
  for (int32_t i = 0; i < count; i++, in += pixel) {
    add_bytes(to, load_bytes(in));
    if (++*pending == 256) flush(to), *pending = 0;
  }
}

ISA void NAME(rm_int8_average_pool)(const rm_int8_pool_call *call, ptrdiff_t row_begin, ptrdiff_t row_end) {
  const rm_int8_conv_shape *s = &call->shape;
  const rule to = make_rule(call->out_zero, call->low, call->high);
  for (int32_t row = (int32_t)row_begin; row < row_end; row++) {
    const span ys = inside(row, s->stride_rows, s->pad_top, s->kernel_rows, s->in_rows);
    for (int32_t column = 0; column < s->out_columns; column++) {
      const span xs = inside(column, s->stride_columns, s->pad_left, s->kernel_columns, s->in_columns);
      const int32_t cells = (ys.end - ys.begin) * (xs.end - xs.begin);
      const float multiplier = call->ratio / (float)(call->count_pads ? s->kernel_rows * s->kernel_columns : cells);
      uint8_t *out = call->out + ((ptrdiff_t)row * s->out_columns + column) * call->out_pixel;
      for (int32_t c = 0; c < s->out_channels; c += GROUP) {
        sums sum = start(-cells * call->in_zero);
        int32_t pending = 0;
        for (int32_t y = ys.begin; y < ys.end; y++)
          gather(&sum, &pending, call->in + ((ptrdiff_t)y * s->in_columns + xs.begin) * call->in_pixel + c,
                 xs.end - xs.begin, call->in_pixel);
        flush(&sum);
        store_bytes(out + c, requantized(&sum, multiplier, &to), s->out_channels - c);
      }
    }
  }
}

// The means of `groups` groups of channels, of which `channels` exist.
INLINE ISA void mean_of(const rm_int8_mean_call *call, ptrdiff_t first, ptrdiff_t channels, const int groups) {
  const rule to = make_rule(call->out_zero, call->low, call->high);
  sums all[4];
  RM_INT8_UNROLL
  for (int g = 0; g < groups; g++) all[g] = start(-call->pixels * call->in_zero);
  const uint8_t *in = call->in + first;
  for (int32_t p = 0; p < call->pixels; p += 256) {
    const int32_t count = call->pixels - p < 256 ? call->pixels - p : 256;
    for (int32_t i = 0; i < count; i++, in += call->in_pixel) {
      RM_INT8_UNROLL
      for (int g = 0; g < groups; g++) add_bytes(&all[g], load_bytes(in + g * GROUP));
    }
    RM_INT8_UNROLL
    for (int g = 0; g < groups; g++) flush(&all[g]);
  }
  RM_INT8_UNROLL
  for (int g = 0; g < groups; g++)
    store_bytes(call->out + first + g * GROUP, requantized(&all[g], call->multiplier, &to), channels - g * GROUP);
}

// Four groups at a time, so that memory is read in long runs.
ISA void NAME(rm_int8_mean)(const rm_int8_mean_call *call, ptrdiff_t begin, ptrdiff_t end) {
  for (; end - begin >= 4 * GROUP; begin += 4 * GROUP) mean_of(call, begin, 4 * GROUP, 4);
  for (; begin < end; begin += GROUP) mean_of(call, begin, end - begin, 1);
}
