// SPDX-License-Identifier: Apache-2.0
#include "float.h"

typedef struct {
  int rows, columns, in, out, groups, kernel, stride, dilation, pad;
} conv_shape;

static int extent(int in, int kernel, int stride, int dilation, int pad) {
  const int room = in + 2 * pad - dilation * (kernel - 1) - 1;
  return room < 0 ? 0 : room / stride + 1;
}

typedef enum { CONV, DWCONV, DWCONV3X3 } kind;

// One convolution. `gap` channels of another map lie between the pixels of each map.
static void conv(check *c, kind kind, conv_shape s, int gap, int residual, int add_first) {
  const rm_float_table *scalar = float_scalar(c), *variant = float_variant(c);
  char shape[96];
  const int depthwise = kind != CONV;
  snprintf(shape, sizeof shape, "%dx%d %d->%d g%d k%d s%d d%d p%d%s", s.rows, s.columns, s.in, s.out, s.groups,
           s.kernel, s.stride, s.dilation, s.pad, residual ? " +r" : "");
  const int rows = extent(s.rows, s.kernel, s.stride, s.dilation, s.pad);
  const int columns = extent(s.columns, s.kernel, s.stride, s.dilation, s.pad);
  if (rows < 1 || columns < 1) return;
  const int batch = c->bench ? 1 : 2, taps = s.kernel * s.kernel, depth = s.in / s.groups;
  const size_t in_pixels = (size_t)batch * s.rows * s.columns, out_pixels = (size_t)batch * rows * columns;
  // The last pixel ends with its own channels, not with the gap behind them.
  float_array input = float_random(c, in_pixels * (s.in + gap) - gap, -1, 1);
  float_array weights = float_floats(c, (size_t)s.out * taps * depth, -1, 1);
  float_array bias = float_floats(c, s.out, -1, 1);
  float_array other = float_random(c, out_pixels * (s.out + gap) - gap, -1, 1);
  float_array want = float_random(c, out_pixels * (s.out + gap) - gap, 0, 0);
  float_array got = float_random(c, out_pixels * (s.out + gap) - gap, 0, 0);
  rm_float_conv a = {
      .input = input.at, .bias = check_range(c, 0, 3) ? bias.at : NULL,
      .residual = residual ? other.at : NULL, .output = want.at, .in_stride = s.in + gap, .out_stride = s.out + gap,
      .residual_stride = s.out + gap, .batch = batch, .in_rows = s.rows, .in_columns = s.columns, .in_channels = s.in,
      .out_rows = rows, .out_columns = columns, .out_channels = s.out, .groups = s.groups, .kernel_rows = s.kernel,
      .kernel_columns = s.kernel, .stride_rows = s.stride, .stride_columns = s.stride, .dilation_rows = s.dilation,
      .dilation_columns = s.dilation, .pad_top = s.pad, .pad_left = s.pad, .add_first = add_first,
      .low = check_range(c, 0, 1) ? 0 : -INFINITY, .high = check_range(c, 0, 1) ? 6 : INFINITY,
  };
  rm_float_conv b = a;
  b.output = got.at;
  float_array packed;
  if (depthwise) {
    packed = float_floats(c, weights.count, 0, 0);
    rm_float_dwconv_pack(s.out, taps, weights.at, packed.at);
    packed = float_elements(c, packed);
  } else if (variant->conv_pack && rm_float_conv_fits(&a)) {
    packed.memory = guarded_alloc(variant->conv_packed_bytes(&a), 0);
    packed.at = packed.memory.data;
    variant->conv_pack(&a, weights.at, packed.at);
  } else {
    packed = float_floats(c, weights.count, 0, 0);
    memcpy(packed.at, weights.at, weights.count * sizeof(float));
    packed = float_elements(c, packed);
    variant = scalar;
  }
  weights = float_elements(c, weights);
  a.weights = depthwise ? packed.at : weights.at;
  b.weights = packed.at;
  const double macs = (double)out_pixels * s.out * taps * depth;
  const float_case what = {
      .shape = shape,
      .scalar = (float_kernel)(depthwise ? scalar->dwconv.function : scalar->conv.function),
      .variant = (float_kernel)(!depthwise            ? variant->conv.function
                                : kind == DWCONV3X3 ? variant->dwconv3x3.function
                                                    : variant->dwconv.function),
      .scalar_arguments = &a, .variant_arguments = &b,
      .units = depthwise ? batch * rows : (ptrdiff_t)((out_pixels + RM_FLOAT_CONV_TILE - 1) / RM_FLOAT_CONV_TILE),
      .want = want.at, .got = got.at, .count = want.count,
      .relative = 0, .absolute = 2e-6f * (float)(taps * depth + 2), .rounding = (float)(taps * depth + 2),
      .work = 2 * macs, .unit = "flop",
  };
  float_run(c, &what);
  float_free(&input);
  float_free(&weights);
  float_free(&bias);
  float_free(&other);
  float_free(&want);
  float_free(&got);
  float_free(&packed);
}

static const int some_channels[] = {1,  2,  7,  8,  9,  11, 15, 16, 17, 24, 31,
                                    32, 33, 40, 48, 49, 63, 64, 65, 80, 97, 113};
enum { KINDS = sizeof some_channels / sizeof *some_channels };

// The window reaches over a group of inputs at the border of every tile, and channels around every panel.
void check_float_conv(check *c) {
  for (int i = 0; i < 160; i++) {
    conv_shape s = {
        .rows = check_range(c, 1, 12), .columns = check_range(c, 1, 12),
        .in = some_channels[check_range(c, 0, KINDS - 1)],
        .out = some_channels[i % KINDS], .groups = 1, .kernel = check_range(c, 1, 3), .stride = check_range(c, 1, 3),
        .dilation = check_range(c, 1, 2), .pad = check_range(c, 0, 2),
    };
    if (i % 5 == 0) s.kernel = 1, s.pad = 0, s.stride = 1;
    if (i % 16 == 7) s.kernel = 7, s.pad = 3;
    // Wider than a tile; deeper than a stage of whole tiles.
    if (i % 16 == 3) s.columns = check_range(c, 60, 90), s.rows = check_range(c, 1, 4);
    if (i % 40 == 9) s.in = check_range(c, 900, 1100), s.rows = 2;
    if (i % 9 == 4) s.groups = check_range(c, 2, 4), s.in *= s.groups, s.out *= s.groups;
    conv(c, CONV, s, check_range(c, 0, 1) * 5, check_range(c, 0, 1), check_range(c, 0, 1));
  }
}

void check_float_dwconv(check *c) {
  for (int i = 0; i < 160; i++) {
    const int wide = some_channels[i % KINDS];
    const conv_shape s = {
        .rows = check_range(c, 1, 9), .columns = check_range(c, 1, 24), .in = wide, .out = wide, .groups = wide,
        .kernel = check_range(c, 1, 5), .stride = check_range(c, 1, 3), .dilation = check_range(c, 1, 3),
        .pad = check_range(c, 0, 4),
    };
    conv(c, DWCONV, s, check_range(c, 0, 1) * 3, check_range(c, 0, 1), check_range(c, 0, 1));
  }
}

void check_float_dwconv3x3(check *c) {
  for (int i = 0; i < 160; i++) {
    const int wide = some_channels[i % KINDS];
    const conv_shape s = {
        .rows = check_range(c, 1, 9), .columns = check_range(c, 1, 24), .in = wide, .out = wide, .groups = wide,
        .kernel = 3, .stride = check_range(c, 1, 2), .dilation = 1, .pad = check_range(c, 0, 1),
    };
    conv(c, DWCONV3X3, s, check_range(c, 0, 1) * 3, check_range(c, 0, 1), check_range(c, 0, 1));
  }
}

void bench_float_conv(check *c) {
  conv(c, CONV, (conv_shape){192, 240, 16, 96, 1, 1, 1, 1, 0}, 0, 0, 0);
  conv(c, CONV, (conv_shape){96, 120, 24, 144, 1, 1, 1, 1, 0}, 0, 0, 0);
  conv(c, CONV, (conv_shape){96, 120, 96, 24, 1, 1, 1, 1, 0}, 0, 0, 0);
  conv(c, CONV, (conv_shape){24, 30, 64, 384, 1, 1, 1, 1, 0}, 0, 0, 0);
  conv(c, CONV, (conv_shape){24, 30, 384, 64, 1, 1, 1, 1, 0}, 0, 1, 1);
  conv(c, CONV, (conv_shape){12, 15, 960, 160, 1, 1, 1, 1, 0}, 0, 1, 1);
  conv(c, CONV, (conv_shape){48, 60, 64, 64, 1, 3, 1, 1, 1}, 0, 0, 0);
  conv(c, CONV, (conv_shape){48, 60, 64, 11, 1, 3, 1, 1, 1}, 0, 0, 0);
  conv(c, CONV, (conv_shape){384, 480, 3, 32, 1, 3, 2, 1, 1}, 0, 0, 0);
}

void bench_float_dwconv(check *c) {
  conv(c, DWCONV, (conv_shape){48, 60, 240, 240, 240, 5, 1, 1, 2}, 0, 0, 0);
}

void bench_float_dwconv3x3(check *c) {
  conv(c, DWCONV3X3, (conv_shape){192, 240, 32, 32, 32, 3, 1, 1, 1}, 0, 0, 0);
  conv(c, DWCONV3X3, (conv_shape){192, 240, 96, 96, 96, 3, 2, 1, 1}, 0, 0, 0);
  conv(c, DWCONV3X3, (conv_shape){96, 120, 144, 144, 144, 3, 1, 1, 1}, 0, 0, 0);
  conv(c, DWCONV3X3, (conv_shape){24, 30, 384, 384, 384, 3, 1, 1, 1}, 0, 0, 0);
}
