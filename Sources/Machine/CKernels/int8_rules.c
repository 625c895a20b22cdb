// SPDX-License-Identifier: Apache-2.0
// What is worked out once, before any kernel runs.
#include "int8.h"

rm_int8_combine rm_int8_make_combine(double scale_a, int32_t zero_a, double scale_b, int32_t zero_b, int32_t zero,
                                     int32_t low, int32_t high) {
  const double most = fmax(fabs(scale_a), fabs(scale_b));
  int32_t shift = 24;
  while (shift > 0 && most * (double)(1 << shift) > 32767.0) shift--;
  const int32_t a = (int32_t)floor(scale_a * (1 << shift) + 0.5), b = (int32_t)floor(scale_b * (1 << shift) + 0.5);
  const int32_t half = shift ? 1 << (shift - 1) : 0;
  return (rm_int8_combine){a, b, half - a * zero_a - b * zero_b, shift, zero, low, high};
}

void rm_int8_make_taps(rm_int8_tap *taps, int32_t count, int32_t in_count, double step, int32_t half_pixel) {
  for (int32_t i = 0; i < count; i++) {
    const double at = half_pixel ? (i + 0.5) * step - 0.5 : i * step;
    const int64_t limit = (int64_t)(in_count - 1) * 2048;
    int64_t fixed = (int64_t)floor(at * 2048 + 0.5);
    fixed = fixed < 0 ? 0 : fixed > limit ? limit : fixed;
    taps[i] = (rm_int8_tap){(int32_t)(fixed >> 11), (int32_t)(fixed & 2047)};
  }
}

size_t rm_int8_pad_bytes(const rm_int8_conv_shape *s) {
  return (size_t)s->kernel_columns * (size_t)s->in_channels + 4 + RM_INT8_OVERREAD;
}

int rm_int8_conv_fits(const rm_int8_conv_shape *s, int32_t depthwise) {
  if (depthwise)
    return s->in_channels == s->out_channels && s->kernel_rows <= 16 &&
           (s->kernel_columns - 1) * s->dilation_columns < 32;
  const int64_t taps = (int64_t)s->kernel_rows * s->kernel_columns;
  return taps <= RM_INT8_CONV_TAPS && taps * (s->in_channels + 64) <= RM_INT8_CONV_BYTES;
}
