// SPDX-License-Identifier: Apache-2.0
#include "f32.h"

typedef struct {
  int rows, columns, in, out, groups, kernel, stride, dilation, pad;
} conv_shape;

static int extent(int in, int kernel, int stride, int dilation, int pad) {
  const int room = in + 2 * pad - dilation * (kernel - 1) - 1;
  return room < 0 ? 0 : room / stride + 1;
}

// One convolution. `gap` channels of another map lie between the pixels of each map.
static void conv(check *c, conv_shape s, int gap, int residual, int add_first, int depthwise) {
  const rm_f32_table *scalar = rm_f32_kernels(RM_CPU_SCALAR), *variant = rm_f32_kernels(c->level);
  char name[64], shape[96];
  snprintf(name, sizeof name, "f32_%s__%s", depthwise ? "dwconv3x3" : "conv", rm_f32_kernels_name(c->level));
  if (!check_wants(c, name)) return;
  snprintf(shape, sizeof shape, "%dx%d %d->%d g%d k%d s%d d%d p%d%s", s.rows, s.columns, s.in, s.out, s.groups,
           s.kernel, s.stride, s.dilation, s.pad, residual ? " +r" : "");
  const int rows = extent(s.rows, s.kernel, s.stride, s.dilation, s.pad);
  const int columns = extent(s.columns, s.kernel, s.stride, s.dilation, s.pad);
  if (rows < 1 || columns < 1) return;
  const int batch = c->bench ? 1 : 2, taps = s.kernel * s.kernel, depth = s.in / s.groups;
  const size_t in_pixels = (size_t)batch * s.rows * s.columns, out_pixels = (size_t)batch * rows * columns;
  // The last pixel ends with its own channels, not with the gap behind them.
  f32_array input = f32_random(c, in_pixels * (s.in + gap) - gap, -1, 1);
  f32_array weights = f32_random(c, (size_t)s.out * taps * depth, -1, 1);
  f32_array bias = f32_random(c, s.out, -1, 1);
  f32_array other = f32_random(c, out_pixels * (s.out + gap) - gap, -1, 1);
  f32_array want = f32_random(c, out_pixels * (s.out + gap) - gap, 0, 0);
  f32_array got = f32_random(c, out_pixels * (s.out + gap) - gap, 0, 0);
  rm_f32_conv a = {
      .input = input.at, .weights = weights.at, .bias = check_range(c, 0, 3) ? bias.at : NULL,
      .residual = residual ? other.at : NULL, .output = want.at, .in_stride = s.in + gap, .out_stride = s.out + gap,
      .residual_stride = s.out + gap, .batch = batch, .in_rows = s.rows, .in_columns = s.columns, .in_channels = s.in,
      .out_rows = rows, .out_columns = columns, .out_channels = s.out, .groups = s.groups, .kernel_rows = s.kernel,
      .kernel_columns = s.kernel, .stride_rows = s.stride, .stride_columns = s.stride, .dilation_rows = s.dilation,
      .dilation_columns = s.dilation, .pad_top = s.pad, .pad_left = s.pad, .add_first = add_first,
      .low = check_range(c, 0, 1) ? 0 : -INFINITY, .high = check_range(c, 0, 1) ? 6 : INFINITY,
  };
  rm_f32_conv b = a;
  b.output = got.at;
  f32_array packed;
  if (depthwise) {
    packed = f32_random(c, weights.count, 0, 0);
    rm_f32_dwconv_pack(s.out, taps, weights.at, packed.at);
    a.weights = b.weights = packed.at;
  } else if (variant->conv_panel) {
    packed = f32_random(c, rm_f32_conv_packed_bytes(&a, variant->conv_panel) / sizeof(float), 0, 0);
    rm_f32_conv_pack(&a, variant->conv_panel, weights.at, packed.at);
    b.weights = packed.at;
  } else {
    packed = f32_random(c, 1, 0, 0);
  }
  const double macs = (double)out_pixels * s.out * taps * depth;
  const f32_case what = {
      .name = name, .shape = shape,
      .scalar = (f32_kernel)(depthwise ? scalar->dwconv : scalar->conv),
      .variant = (f32_kernel)(depthwise ? variant->dwconv3x3 : variant->conv),
      .scalar_arguments = &a, .variant_arguments = &b,
      .units = depthwise ? batch * rows : (ptrdiff_t)((out_pixels + RM_F32_CONV_TILE - 1) / RM_F32_CONV_TILE),
      .want = want.at, .got = got.at, .count = want.count,
      .relative = 0, .absolute = 2e-6f * (float)(taps * depth + 2), .work = 2 * macs, .unit = "flop",
  };
  f32_run(c, &what);
  f32_free(&input);
  f32_free(&weights);
  f32_free(&bias);
  f32_free(&other);
  f32_free(&want);
  f32_free(&got);
  f32_free(&packed);
}

// The window reaches over a group of inputs at the border of every tile, and channels around every panel.
void check_f32_conv(check *c) {
  if (c->bench) {
    conv(c, (conv_shape){192, 240, 16, 96, 1, 1, 1, 1, 0}, 0, 0, 0, 0);
    conv(c, (conv_shape){96, 120, 24, 144, 1, 1, 1, 1, 0}, 0, 0, 0, 0);
    conv(c, (conv_shape){96, 120, 96, 24, 1, 1, 1, 1, 0}, 0, 0, 0, 0);
    conv(c, (conv_shape){24, 30, 64, 384, 1, 1, 1, 1, 0}, 0, 0, 0, 0);
    conv(c, (conv_shape){24, 30, 384, 64, 1, 1, 1, 1, 0}, 0, 1, 1, 0);
    conv(c, (conv_shape){12, 15, 960, 160, 1, 1, 1, 1, 0}, 0, 1, 1, 0);
    conv(c, (conv_shape){48, 60, 64, 64, 1, 3, 1, 1, 1}, 0, 0, 0, 0);
    conv(c, (conv_shape){48, 60, 64, 11, 1, 3, 1, 1, 1}, 0, 0, 0, 0);
    conv(c, (conv_shape){384, 480, 3, 32, 1, 3, 2, 1, 1}, 0, 0, 0, 0);
    conv(c, (conv_shape){192, 240, 32, 32, 32, 3, 1, 1, 1}, 0, 0, 0, 1);
    conv(c, (conv_shape){192, 240, 96, 96, 96, 3, 2, 1, 1}, 0, 0, 0, 1);
    conv(c, (conv_shape){96, 120, 144, 144, 144, 3, 1, 1, 1}, 0, 0, 0, 1);
    conv(c, (conv_shape){24, 30, 384, 384, 384, 3, 1, 1, 1}, 0, 0, 0, 1);
    return;
  }
  static const int channels[] = {1, 2, 7, 8, 9, 11, 15, 16, 17, 24, 31, 32, 33, 40, 48, 49, 63, 64, 65, 80, 97, 113};
  const int kinds = (int)(sizeof channels / sizeof *channels);
  for (int i = 0; i < 160; i++) {
    conv_shape s = {
        .rows = check_range(c, 1, 12), .columns = check_range(c, 1, 12), .in = channels[check_range(c, 0, kinds - 1)],
        .out = channels[i % kinds], .groups = 1, .kernel = check_range(c, 1, 3), .stride = check_range(c, 1, 3),
        .dilation = check_range(c, 1, 2), .pad = check_range(c, 0, 2),
    };
    if (i % 5 == 0) s.kernel = 1, s.pad = 0, s.stride = 1;
    if (i % 16 == 7) s.kernel = 7, s.pad = 3;
    if (i % 9 == 4) s.groups = check_range(c, 2, 4), s.in *= s.groups, s.out *= s.groups;
    conv(c, s, check_range(c, 0, 1) * 5, check_range(c, 0, 1), check_range(c, 0, 1), 0);
  }
  for (int i = 0; i < 160; i++) {
    const int wide = channels[i % kinds];
    const conv_shape s = {
        .rows = check_range(c, 1, 9), .columns = check_range(c, 1, 24), .in = wide, .out = wide, .groups = wide,
        .kernel = 3, .stride = check_range(c, 1, 2), .dilation = 1, .pad = check_range(c, 0, 1),
    };
    conv(c, s, check_range(c, 0, 1) * 3, check_range(c, 0, 1), check_range(c, 0, 1), 1);
  }
}
