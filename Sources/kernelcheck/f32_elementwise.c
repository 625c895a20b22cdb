// SPDX-License-Identifier: Apache-2.0
#include "f32.h"

static void name_of(const check *c, char *out, size_t size, const char *op) {
  snprintf(out, size, "f32_%s__%s", op, rm_f32_kernels_name(c->level));
}

// Operands of [rows][pixels][channels], either repeated along any of the axes.
static void binary(check *c, const char *op, rm_f32_binary_fn scalar, rm_f32_binary_fn variant, int rows, int pixels,
                   int channels, int a_axes, int b_axes) {
  char name[64], shape[96];
  name_of(c, name, sizeof name, op);
  if (!check_wants(c, name)) return;
  snprintf(shape, sizeof shape, "[%d,%d,%d] axes %d %d", rows, pixels, channels, a_axes, b_axes);
  const size_t count = (size_t)rows * pixels * channels;
  f32_array a = f32_extreme(c, count), b = f32_extreme(c, count);
  f32_array want = f32_random(c, count, 0, 0), got = f32_random(c, count, 0, 0);
  rm_f32_binary n = {.a = a.at, .b = b.at, .output = want.at, .rank = 3, .extents = {rows, pixels, channels},
                     .low = check_range(c, 0, 1) ? 0 : -INFINITY, .high = check_range(c, 0, 1) ? 6 : INFINITY};
  const ptrdiff_t dense[3] = {(ptrdiff_t)pixels * channels, channels, 1};
  for (int axis = 0; axis < 3; axis++) {
    n.a_strides[axis] = a_axes >> axis & 1 ? dense[axis] : 0;
    n.b_strides[axis] = b_axes >> axis & 1 ? dense[axis] : 0;
  }
  rm_f32_binary m = n;
  m.output = got.at;
  const f32_case what = {
      .name = name, .shape = shape, .scalar = (f32_kernel)scalar, .variant = (f32_kernel)variant,
      .scalar_arguments = &n, .variant_arguments = &m, .units = (ptrdiff_t)rows * pixels, .want = want.at,
      .got = got.at, .count = count, .relative = 1e-6f, .absolute = 0, .work = 12.0 * (double)count, .unit = "B",
  };
  f32_run(c, &what);
  f32_free(&a);
  f32_free(&b);
  f32_free(&want);
  f32_free(&got);
}

static void unary(check *c, const char *op, rm_f32_unary_fn scalar, rm_f32_unary_fn variant, int count, float a,
                  float b) {
  char name[64], shape[96];
  name_of(c, name, sizeof name, op);
  if (!check_wants(c, name)) return;
  snprintf(shape, sizeof shape, "%d", count);
  f32_array in = f32_extreme(c, (size_t)count);
  f32_array want = f32_random(c, (size_t)count, 0, 0), got = f32_random(c, (size_t)count, 0, 0);
  rm_f32_unary n = {.input = in.at, .output = want.at, .count = count, .a = a, .b = b}, m = n;
  m.output = got.at;
  const f32_case what = {
      .name = name, .shape = shape, .scalar = (f32_kernel)scalar, .variant = (f32_kernel)variant,
      .scalar_arguments = &n, .variant_arguments = &m, .units = (count + RM_F32_BLOCK - 1) / RM_F32_BLOCK,
      .want = want.at, .got = got.at, .count = (size_t)count, .relative = 2e-6f, .absolute = 2e-6f,
      .work = 8.0 * count, .unit = "B",
  };
  f32_run(c, &what);
  f32_free(&in);
  f32_free(&want);
  f32_free(&got);
}

static void softmax(check *c, int outer, int extent, int inner) {
  char name[64], shape[96];
  name_of(c, name, sizeof name, "softmax");
  if (!check_wants(c, name)) return;
  snprintf(shape, sizeof shape, "[%d,%d,%d]", outer, extent, inner);
  const size_t count = (size_t)outer * extent * inner;
  f32_array in = f32_random(c, count, -30, 30);
  f32_array want = f32_random(c, count, 0, 0), got = f32_random(c, count, 0, 0);
  for (size_t i = 0; i < count; i++)
    if (check_random(c) % 8 == 0) in.at[i] *= 1e30f;
  rm_f32_softmax n = {.input = in.at, .output = want.at, .outer = outer, .extent = extent, .inner = inner}, m = n;
  m.output = got.at;
  const f32_case what = {
      .name = name, .shape = shape, .scalar = (f32_kernel)rm_f32_kernels(RM_CPU_SCALAR)->softmax,
      .variant = (f32_kernel)rm_f32_kernels(c->level)->softmax, .scalar_arguments = &n, .variant_arguments = &m,
      .units = outer, .want = want.at, .got = got.at, .count = count, .relative = 4e-6f, .absolute = 1e-30f,
      .work = 8.0 * (double)count, .unit = "B",
  };
  f32_run(c, &what);
  f32_free(&in);
  f32_free(&want);
  f32_free(&got);
}

void check_f32_elementwise(check *c) {
  const rm_f32_table *s = rm_f32_kernels(RM_CPU_SCALAR), *v = rm_f32_kernels(c->level);
  if (c->bench) {
    binary(c, "add", s->add, v->add, 96, 120, 64, 7, 7);
    binary(c, "mul", s->mul, v->mul, 96, 120, 64, 7, 4);
    unary(c, "clamp", s->clamp, v->clamp, 96 * 120 * 64, 0, 6);
    unary(c, "sigmoid", s->sigmoid, v->sigmoid, 96 * 120, 0, 0);
    softmax(c, 96 * 120, 9, 1);
    softmax(c, 128, 128, 1);
    return;
  }
  for (int i = 0; i < 60; i++) {
    const int rows = check_range(c, 1, 4), pixels = check_range(c, 1, 5), channels = check_range(c, 1, 40);
    const int a = check_range(c, 0, 7), b = check_range(c, 0, 7);
    binary(c, "add", s->add, v->add, rows, pixels, channels, a, b);
    binary(c, "sub", s->sub, v->sub, rows, pixels, channels, a, b);
    binary(c, "mul", s->mul, v->mul, rows, pixels, channels, a, b);
    binary(c, "div", s->div, v->div, rows, pixels, channels, a, b);
    const int count = i % 3 ? check_range(c, 1, 70) : RM_F32_BLOCK * check_range(c, 1, 2) + check_range(c, -1, 1);
    unary(c, "clamp", s->clamp, v->clamp, count, -1, 6);
    unary(c, "sigmoid", s->sigmoid, v->sigmoid, count, 0, 0);
    unary(c, "hard_sigmoid", s->hard_sigmoid, v->hard_sigmoid, count, 0.2f, 0.5f);
    unary(c, "hard_swish", s->hard_swish, v->hard_swish, count, 0, 0);
    softmax(c, check_range(c, 1, 5), check_range(c, 1, 40), i % 4 ? 1 : check_range(c, 1, 3));
  }
}
