// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>

#include "int8.h"

static void one_matmul(check *c, const rm_int8_kernels *scalar, const rm_int8_kernels *variant) {
  const int rows = check_range(c, 1, 100), columns = check_range(c, 1, 140), gap = check_range(c, 0, 2) ? 0 : 5;
  const int depth = check_range(c, 0, 4) ? check_range(c, 1, 70) : check_range(c, 250, 600);
  guarded a = guarded_alloc((size_t)(rows * (depth + gap) - gap), RM_INT8_OVERREAD);
  guarded b = guarded_alloc((size_t)(depth * (columns + gap) - gap), RM_INT8_OVERREAD);
  guarded want = guarded_alloc((size_t)(rows * (columns + gap) - gap), 0), got = guarded_alloc(want.size, 0);
  const int8_fill fill = check_range(c, 0, 2) ? INT8_RANDOM : INT8_EXTREME;
  int8_fill_bytes(c, a.data, a.size, fill);
  int8_fill_bytes(c, b.data, b.size, fill);
  rm_int8_matmul_call call = {.a = a.data, .b = b.data, .out = want.data, .a_row = depth + gap, .b_row = columns + gap,
                              .out_row = columns + gap, .rows = rows, .depth = depth, .columns = columns,
                              .a_zero = check_range(c, 0, 255), .b_zero = check_range(c, 0, 255),
                              .out_zero = check_range(c, 0, 255), .low = check_range(c, 0, 100),
                              .high = check_range(c, 100, 255), .multiplier = check_float(c, 1e-5f, 5e-3f)};
  const int groups = (rows + RM_INT8_MATMUL_ROWS - 1) / RM_INT8_MATMUL_ROWS, split = check_range(c, 0, groups);
  scalar->matmul.function(&call, 0, groups);
  call.out = got.data;
  variant->matmul.function(&call, 0, split);
  variant->matmul.function(&call, split, groups);
  char name[96];
  snprintf(name, sizeof name, "%dx%dx%d gap %d%s", rows, depth, columns, gap, fill == INT8_EXTREME ? " extreme" : "");
  check_bytes(c, name, want.data, got.data, want.size);
  guarded *all[] = {&a, &b, &want, &got};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) guarded_free(all[i]);
}

static void one_fill(check *c, const rm_int8_kernels *scalar, const rm_int8_kernels *variant) {
  const int count = check_range(c, 1, 300), split = check_range(c, 0, count);
  guarded want = guarded_alloc((size_t)count, 0), got = guarded_alloc((size_t)count, 0);
  rm_int8_fill_call call = {want.data, check_range(c, 0, 255)};
  scalar->fill.function(&call, 0, count);
  call.out = got.data;
  variant->fill.function(&call, split, count);
  variant->fill.function(&call, 0, split);
  check_bytes(c, "in two parts", want.data, got.data, want.size);
  guarded_free(&want);
  guarded_free(&got);
}

void check_int8_matmul(check *c) {
  for (int i = 0; i < 20 && c->level == RM_CPU_SCALAR; i++) int8_expect_matmul(c);
  int8_repeat(c, one_matmul, 60);
}
void check_int8_fill(check *c) { int8_repeat(c, one_fill, 60); }
