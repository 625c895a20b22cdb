// SPDX-License-Identifier: Apache-2.0
#include "../int8.h"

// The part of a window that lies inside the input, along one axis.
typedef struct {
  int32_t begin, end;
} span;

static span inside(int32_t position, int32_t stride, int32_t pad, int32_t kernel, int32_t count) {
  const int32_t begin = position * stride - pad, end = begin + kernel;
  return (span){begin < 0 ? 0 : begin, end > count ? count : end};
}

void rm_int8_max_pool__scalar(const rm_int8_pool_call *call, ptrdiff_t row_begin, ptrdiff_t row_end) {
  rm_int8_max_pool_expect(call, row_begin, row_end);
  const rm_int8_conv_shape *s = &call->shape;
  for (int32_t row = (int32_t)row_begin; row < row_end; row++) {
    const span ys = inside(row, s->stride_rows, s->pad_top, s->kernel_rows, s->in_rows);
    for (int32_t column = 0; column < s->out_columns; column++) {
      const span xs = inside(column, s->stride_columns, s->pad_left, s->kernel_columns, s->in_columns);
      uint8_t *out = call->out + ((ptrdiff_t)row * s->out_columns + column) * call->out_pixel;
      for (int32_t c = 0; c < s->out_channels; c++) {
        uint8_t most = 0;
        for (int32_t y = ys.begin; y < ys.end; y++) {
          for (int32_t x = xs.begin; x < xs.end; x++) {
            const uint8_t value = call->in[((ptrdiff_t)y * s->in_columns + x) * call->in_pixel + c];
            if (value > most) most = value;
          }
        }
        out[c] = most;
      }
    }
  }
}

void rm_int8_average_pool__scalar(const rm_int8_pool_call *call, ptrdiff_t row_begin, ptrdiff_t row_end) {
  rm_int8_average_pool_expect(call, row_begin, row_end);
  const rm_int8_conv_shape *s = &call->shape;
  for (int32_t row = (int32_t)row_begin; row < row_end; row++) {
    const span ys = inside(row, s->stride_rows, s->pad_top, s->kernel_rows, s->in_rows);
    for (int32_t column = 0; column < s->out_columns; column++) {
      const span xs = inside(column, s->stride_columns, s->pad_left, s->kernel_columns, s->in_columns);
      const int32_t cells = (ys.end - ys.begin) * (xs.end - xs.begin);
      const float multiplier = call->ratio / (float)(call->count_pads ? s->kernel_rows * s->kernel_columns : cells);
      uint8_t *out = call->out + ((ptrdiff_t)row * s->out_columns + column) * call->out_pixel;
      for (int32_t c = 0; c < s->out_channels; c++) {
        int32_t sum = -cells * call->in_zero;
        for (int32_t y = ys.begin; y < ys.end; y++)
          for (int32_t x = xs.begin; x < xs.end; x++)
            sum += call->in[((ptrdiff_t)y * s->in_columns + x) * call->in_pixel + c];
        out[c] = rm_int8_requantize(sum, multiplier, call->out_zero, call->low, call->high);
      }
    }
  }
}

void rm_int8_mean__scalar(const rm_int8_mean_call *call, ptrdiff_t begin, ptrdiff_t end) {
  rm_int8_mean_expect(call, begin, end);
  for (ptrdiff_t c = begin; c < end; c++) {
    int32_t sum = -call->pixels * call->in_zero;
    for (int32_t p = 0; p < call->pixels; p++) sum += call->in[p * call->in_pixel + c];
    call->out[c] = rm_int8_requantize(sum, call->multiplier, call->out_zero, call->low, call->high);
  }
}
