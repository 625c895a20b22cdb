// SPDX-License-Identifier: Apache-2.0
#include "int8.h"

static void compare(check *c, const int8_conv_plan *plan, int depthwise) {
  const rm_int8_kernels *scalar = rm_int8_table(RM_CPU_SCALAR), *variant = rm_int8_table(c->level);
  int8_conv_case k = int8_make_conv(c, plan, depthwise);
  rm_int8_conv_call want = k.call, got = k.call;
  want.packed = k.reference.data;
  want.out = k.want.data;
  got.packed = k.packed.data;
  got.out = k.got.data;
  const int rows = k.call.shape.out_rows, split = check_range(c, 0, rows);
  (depthwise ? scalar->dwconv.function : scalar->conv.function)(&want, 0, rows);
  (depthwise ? variant->dwconv.function : variant->conv.function)(&got, 0, split);
  (depthwise ? variant->dwconv.function : variant->conv.function)(&got, split, rows);
  check_bytes(c, k.name, k.want.data, k.got.data, k.want.size);
  int8_free_conv(&k);
}

void check_int8_conv(check *c) {
  for (int i = 0; i < 20 && c->level == RM_CPU_SCALAR; i++) int8_expect_conv(c, 0);
  // Every width around the tiles of all levels, both fills.
  for (int out = 1; out <= 140; out += out < 70 ? 1 : 7) {
    const int8_conv_plan plan = {.rows = check_range(c, 1, 9),
                                 .columns = check_range(c, 1, 30),
                                 .in = check_range(c, 1, 40),
                                 .out = out,
                                 .kernel = 1,
                                 .stride = 1,
                                 .dilation = 1,
                                 .fill = out % 3 == 0 ? INT8_EXTREME : INT8_RANDOM};
    compare(c, &plan, 0);
  }
  for (int i = 0; i < 300; i++) {
    int8_conv_plan plan = {.kernel = check_range(c, 1, 4),
                           .stride = check_range(c, 1, 3),
                           .dilation = check_range(c, 0, 2) ? 1 : check_range(c, 2, 3),
                           .in = check_range(c, 0, 2) ? check_range(c, 1, 20) : 4 * check_range(c, 1, 20),
                           .out = check_range(c, 1, 80),
                           .in_gap = check_range(c, 0, 2) ? 0 : check_range(c, 1, 9),
                           .out_gap = check_range(c, 0, 2) ? 0 : check_range(c, 1, 9),
                           .residual = check_range(c, 0, 2) == 0,
                           .fill = check_range(c, 0, 3) ? INT8_RANDOM : INT8_EXTREME};
    const int reach = (plan.kernel - 1) * plan.dilation + 1;
    plan.pad = check_range(c, 0, reach - 1);
    plan.rows = check_range(c, reach > 2 * plan.pad ? reach - 2 * plan.pad : 1, 12);
    plan.columns = check_range(c, reach > 2 * plan.pad ? reach - 2 * plan.pad : 1, i % 5 ? 20 : 130);
    compare(c, &plan, 0);
  }
  // Shapes that kernels of their own take: few output channels, and 3x3 on channels in sixteens.
  for (int i = 0; i < 60; i++) {
    const int kernel = i % 2 ? 3 : 1;
    const int8_conv_plan few = {.rows = check_range(c, 3, 9),
                                .columns = check_range(c, 3, i % 5 ? 20 : 70),
                                .in = check_range(c, 32, 150),
                                .out = check_range(c, 1, 5),
                                .kernel = kernel,
                                .stride = check_range(c, 1, 2),
                                .dilation = check_range(c, 0, 3) ? 1 : 2,
                                .pad = kernel == 3 ? 2 : 0,
                                .in_gap = check_range(c, 0, 2) ? 0 : 5,
                                .out_gap = check_range(c, 0, 2) ? 0 : 3,
                                .residual = check_range(c, 0, 2) == 0,
                                .fill = check_range(c, 0, 3) ? INT8_RANDOM : INT8_EXTREME};
    const int8_conv_plan square = {.rows = check_range(c, 1, 9),
                                   .columns = check_range(c, 1, i % 5 ? 20 : 70),
                                   .in = 16 * check_range(c, 2, i % 4 ? 6 : 16),
                                   .out = check_range(c, 16, 90),
                                   .kernel = 3,
                                   .stride = 1,
                                   .dilation = 1,
                                   .pad = check_range(c, 1, 2),
                                   .in_gap = check_range(c, 0, 2) ? 0 : 5,
                                   .out_gap = check_range(c, 0, 2) ? 0 : 3,
                                   .residual = check_range(c, 0, 1),
                                   .fill = check_range(c, 0, 2) ? INT8_RANDOM : INT8_EXTREME};
    compare(c, &few, 0);
    compare(c, &square, 0);
  }
  // Many chunks of terms, and maps whose rows end within a tile of pixels.
  for (int i = 0; i < 60; i++) {
    const int kernel = 1 + 2 * check_range(c, 0, 2);
    const int8_conv_plan deep = {.rows = check_range(c, kernel, 9),
                                 .columns = check_range(c, kernel, i % 3 ? 40 : 100),
                                 .in = check_range(c, 33, 300),
                                 .out = check_range(c, 1, 100),
                                 .kernel = kernel,
                                 .stride = check_range(c, 1, 2),
                                 .dilation = kernel == 3 && check_range(c, 0, 2) == 0 ? 2 : 1,
                                 .pad = check_range(c, 0, kernel / 2),
                                 .in_gap = check_range(c, 0, 2) ? 0 : 7,
                                 .out_gap = check_range(c, 0, 2) ? 0 : 32,
                                 .residual = check_range(c, 0, 1),
                                 .fill = check_range(c, 0, 2) ? INT8_RANDOM : INT8_EXTREME};
    const int reach = (deep.kernel - 1) * deep.dilation + 1;
    if (deep.rows + 2 * deep.pad >= reach && deep.columns + 2 * deep.pad >= reach) compare(c, &deep, 0);
  }
  // Borders of which a tile's copies just fit, and do not.
  const int8_conv_plan fits = {3, 18, 1810, 17, 3, 1, 1, 1, 0, 0, 0, INT8_RANDOM};
  const int8_conv_plan does_not = {3, 18, 1830, 17, 3, 1, 1, 1, 0, 0, 0, INT8_RANDOM};
  compare(c, &fits, 0);
  compare(c, &does_not, 0);
  const int8_conv_plan stem = {40, 120, 3, 32, 3, 2, 1, 1, 0, 0, 0, INT8_RANDOM};
  const int8_conv_plan wide = {3, 9, 577, 19, 7, 1, 1, 3, 0, 0, 0, INT8_EXTREME};
  compare(c, &stem, 0);
  compare(c, &wide, 0);
}

void check_int8_dwconv(check *c) {
  for (int i = 0; i < 20 && c->level == RM_CPU_SCALAR; i++) int8_expect_conv(c, 1);
  for (int i = 0; i < 300; i++) {
    const int channels = check_range(c, 1, i % 4 ? 40 : 200);
    int8_conv_plan plan = {.kernel = i % 3 == 0 ? 3 : i % 3 == 1 ? 5 : check_range(c, 1, 9),
                           .stride = check_range(c, 1, 3),
                           .dilation = check_range(c, 0, 2) ? 1 : check_range(c, 2, 3),
                           .in = channels,
                           .out = channels,
                           .in_gap = check_range(c, 0, 2) ? 0 : check_range(c, 1, 9),
                           .out_gap = check_range(c, 0, 2) ? 0 : check_range(c, 1, 9),
                           .fill = check_range(c, 0, 3) ? INT8_RANDOM : INT8_EXTREME};
    const int reach = (plan.kernel - 1) * plan.dilation + 1;
    plan.pad = check_range(c, 0, reach - 1);
    plan.rows = check_range(c, reach > 2 * plan.pad ? reach - 2 * plan.pad : 1, reach + 8);
    plan.columns = check_range(c, reach > 2 * plan.pad ? reach - 2 * plan.pad : 1, i % 5 ? reach + 12 : 150);
    compare(c, &plan, 1);
  }
}
