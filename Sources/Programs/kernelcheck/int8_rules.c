// SPDX-License-Identifier: Apache-2.0
// The scalar kernels against expectations worked out another way.
#include <math.h>
#include <string.h>

#include "int8.h"

// A convolution by the definition: real zero points, doubles and rint.
void int8_expect_conv(check *c, int depthwise) {
  const int in = check_range(c, 1, 6), out = depthwise ? in : check_range(c, 1, 6);
  const int8_conv_plan plan = {5, 6, in, out, 3, check_range(c, 1, 2), 1, 1, 0, 0, 0, INT8_RANDOM};
  int8_conv_case k = int8_make_conv(c, &plan, depthwise);
  const rm_int8_conv_shape *s = &k.call.shape;
  for (int y = 0; y < s->out_rows; y++) {
    for (int x = 0; x < s->out_columns; x++) {
      for (int n = 0; n < out; n++) {
        double sum = k.from.bias ? k.from.bias[n] : 0;
        for (int ky = 0; ky < 3; ky++) {
          for (int kx = 0; kx < 3; kx++) {
            const int iy = y * plan.stride - 1 + ky, ix = x * plan.stride - 1 + kx;
            if (iy < 0 || iy >= 5 || ix < 0 || ix >= 6) continue;
            const int tap = ky * 3 + kx;
            for (int i = 0; i < (depthwise ? 1 : in); i++) {
              const int channel = depthwise ? n : i;
              const int weight = k.from.weights[depthwise ? n * 9 + tap : (n * 9 + tap) * in + i];
              sum += (k.in.data[(iy * 6 + ix) * in + channel] - k.from.in_zero) * weight;
            }
          }
        }
        const float scaled = (float)((double)(float)sum * (double)k.from.multiplier[n]);
        const double q = rint((double)scaled) + k.call.out_zero;
        k.want.data[(y * s->out_columns + x) * out + n] = (uint8_t)fmin(fmax(q, k.call.low), k.call.high);
      }
    }
  }
  const rm_int8_kernels *scalar = rm_int8_table(RM_CPU_SCALAR);
  k.call.packed = k.reference.data;
  k.call.out = k.got.data;
  (depthwise ? scalar->dwconv.function : scalar->conv.function)(&k.call, 0, s->out_rows);
  check_bytes(c, k.name, k.want.data, k.got.data,
              k.want.size);
  int8_free_conv(&k);
}

// COMBINE within its stated distance from the real sum.
void int8_expect_combine(check *c) {
  const double scale_a = check_float(c, 0.01f, 1), scale_b = check_float(c, -1, 1);
  const int zero_a = check_range(c, 0, 255), zero_b = check_range(c, 0, 255), zero = check_range(c, 0, 255);
  rm_int8_combine_call call = {.a_pixel = 1, .b_pixel = 1, .out_pixel = 1, .columns = 256, .channels = 1};
  call.rule = rm_int8_make_combine(scale_a, zero_a, scale_b, zero_b, zero, 0, 255);
  uint8_t a[256], b[256], got[256], want[256];
  check_fill_u8(c, a, 256);
  check_fill_u8(c, b, 256);
  call.a = a, call.b = b, call.out = got;
  rm_int8_table(RM_CPU_SCALAR)->combine.function(&call, 0, 1);
  for (int i = 0; i < 256; i++) {
    const double real = fmin(fmax(scale_a * (a[i] - zero_a) + scale_b * (b[i] - zero_b) + zero, 0), 255);
    want[i] = fabs(got[i] - real) <= 0.5 + 1.0 / 32 ? got[i] : (uint8_t)rint(real);
  }
  check_bytes(c, "near the real sum", want, got, 256);
}

void int8_expect_taps(check *c) {
  rm_int8_tap got[8];
  const rm_int8_tap want[8] = {{0, 0}, {0, 512}, {0, 1536}, {1, 512}, {1, 1536}, {2, 512}, {2, 1536}, {3, 0}};
  rm_int8_make_taps(got, 8, 4, 0.5, 1);
  check_bytes(c, "x2 is 1/4 and 3/4", want, got, sizeof got);
}

void int8_expect_softmax(check *c) {
  rm_int8_softmax_call call = {.in_pixel = 3, .out_pixel = 3, .columns = 3, .channels = 3};
  const uint8_t in[9] = {10, 10, 10, 7, 9, 8, 200, 0, 0};
  const uint8_t want[9] = {86, 85, 85, 36, 147, 73, 255, 0, 0};
  uint8_t got[9];
  call.table[0] = 4, call.table[1] = 2, call.table[2] = 1;
  call.in = in, call.out = got;
  rm_int8_table(RM_CPU_SCALAR)->softmax.function(&call, 0, 1);
  check_bytes(c, "rest goes to the largest, 256 is 255", want, got, sizeof got);
}

// No offset from a coarse source is a x2 resize; whole-pixel offsets from a fine one shift it.
void int8_expect_warp(check *c) {
  enum { ROWS = 4, COLUMNS = 5, CHANNELS = 3, FINE = 4 * ROWS * COLUMNS };
  const rm_int8_kernels *scalar = rm_int8_table(RM_CPU_SCALAR);
  uint8_t source[FINE * CHANNELS], offsets[FINE * 2], want[FINE * CHANNELS], got[FINE * CHANNELS];
  check_fill_u8(c, source, sizeof source);
  memset(offsets, 128, sizeof offsets);
  rm_int8_tap y[2 * ROWS], x[2 * COLUMNS];
  rm_int8_make_taps(y, 2 * ROWS, ROWS, 0.5, 1);
  rm_int8_make_taps(x, 2 * COLUMNS, COLUMNS, 0.5, 1);
  const rm_int8_resize_call resize = {source, want,     CHANNELS, CHANNELS, ROWS, COLUMNS, 2 * ROWS, 2 * COLUMNS,
                                      CHANNELS, y, x, 0};
  rm_int8_warp_call warp = {.source = source, .offsets = offsets, .out = got, .source_pixel = CHANNELS,
                            .offsets_pixel = 2,
                            .out_pixel = CHANNELS, .source_rows = ROWS, .source_columns = COLUMNS, .rows = 2 * ROWS,
                            .columns = 2 * COLUMNS, .channels = CHANNELS, .coarse = 1};
  scalar->resize.function(&resize, 0, 2 * ROWS);
  scalar->warp.function(&warp, 0, 2 * ROWS);
  check_bytes(c, "zero offsets", want, got, sizeof got);

  for (int i = 0; i < FINE; i++) offsets[2 * i] = 128 + 32;
  warp.source_rows = 2 * ROWS, warp.source_columns = 2 * COLUMNS, warp.coarse = 0;
  scalar->warp.function(&warp, 0, 2 * ROWS);
  for (int row = 0; row < 2 * ROWS; row++) {
    for (int column = 0; column < 2 * COLUMNS; column++) {
      const int from = column + 2 < 2 * COLUMNS ? column + 2 : 2 * COLUMNS - 1;
      memcpy(want + (row * 2 * COLUMNS + column) * CHANNELS, source + (row * 2 * COLUMNS + from) * CHANNELS, CHANNELS);
    }
  }
  check_bytes(c, "two pixels to the right", want, got, sizeof got);
}

// A product of matrices by doubles and rint.
void int8_expect_matmul(check *c) {
  enum { ROWS = 3, DEPTH = 5, COLUMNS = 4 };
  uint8_t a[ROWS * DEPTH], b[DEPTH * COLUMNS], want[ROWS * COLUMNS], got[ROWS * COLUMNS];
  check_fill_u8(c, a, sizeof a);
  check_fill_u8(c, b, sizeof b);
  rm_int8_matmul_call call = {.a = a, .b = b, .out = got, .a_row = DEPTH, .b_row = COLUMNS, .out_row = COLUMNS,
                              .rows = ROWS, .depth = DEPTH, .columns = COLUMNS, .a_zero = check_range(c, 0, 255),
                              .b_zero = check_range(c, 0, 255), .out_zero = check_range(c, 0, 255),
                              .low = check_range(c, 0, 100), .high = check_range(c, 100, 255),
                              .multiplier = check_float(c, 0.0005f, 0.02f)};
  for (int r = 0; r < ROWS; r++) {
    for (int n = 0; n < COLUMNS; n++) {
      double sum = 0;
      for (int k = 0; k < DEPTH; k++) sum += (a[r * DEPTH + k] - call.a_zero) * (b[k * COLUMNS + n] - call.b_zero);
      const float scaled = (float)(sum * (double)call.multiplier);
      want[r * COLUMNS + n] = (uint8_t)fmin(fmax(rint((double)scaled) + call.out_zero, call.low), call.high);
    }
  }
  rm_int8_table(RM_CPU_SCALAR)->matmul.function(&call, 0, 1);
  check_bytes(c, "by its definition", want, got, sizeof got);
}
