// SPDX-License-Identifier: Apache-2.0
#include "real.h"

// Operands of [rows][pixels][channels], either repeated along any of the axes.
static void binary(check *c, const char *op, rm_real_binary_fn scalar, rm_real_binary_fn variant, int rows, int pixels,
                   int channels, int a_axes, int b_axes) {
  char name[64], shape[96];
  real_name(c, name, sizeof name, op);
  if (!check_wants(c, name)) return;
  snprintf(shape, sizeof shape, "[%d,%d,%d] axes %d %d", rows, pixels, channels, a_axes, b_axes);
  const size_t count = (size_t)rows * pixels * channels;
  real_array a = real_extreme(c, count), b = real_extreme(c, count);
  real_array want = real_random(c, count, 0, 0), got = real_random(c, count, 0, 0);
  rm_real_binary n = {.a = a.at, .b = b.at, .output = want.at, .rank = 3, .extents = {rows, pixels, channels},
                     .low = check_range(c, 0, 1) ? 0 : -INFINITY, .high = check_range(c, 0, 1) ? 6 : INFINITY};
  const ptrdiff_t dense[3] = {(ptrdiff_t)pixels * channels, channels, 1};
  for (int axis = 0; axis < 3; axis++) {
    n.a_strides[axis] = a_axes >> axis & 1 ? dense[axis] : 0;
    n.b_strides[axis] = b_axes >> axis & 1 ? dense[axis] : 0;
  }
  rm_real_binary m = n;
  m.output = got.at;
  const real_case what = {
      .name = name, .shape = shape, .scalar = (real_kernel)scalar, .variant = (real_kernel)variant,
      .scalar_arguments = &n, .variant_arguments = &m, .units = (ptrdiff_t)rows * pixels, .want = want.at,
      .got = got.at, .count = count, .relative = 1e-6f, .absolute = 0, .work = 3.0 * (double)(count * real_size(c)),
      .unit = "B",
  };
  real_run(c, &what);
  real_free(&a);
  real_free(&b);
  real_free(&want);
  real_free(&got);
}

static void unary(check *c, const char *op, rm_real_unary_fn scalar, rm_real_unary_fn variant, int count, float a,
                  float b) {
  char name[64], shape[96];
  real_name(c, name, sizeof name, op);
  if (!check_wants(c, name)) return;
  snprintf(shape, sizeof shape, "%d", count);
  real_array in = real_extreme(c, (size_t)count);
  real_array want = real_random(c, (size_t)count, 0, 0), got = real_random(c, (size_t)count, 0, 0);
  rm_real_unary n = {.input = in.at, .output = want.at, .count = count, .a = a, .b = b}, m = n;
  m.output = got.at;
  const real_case what = {
      .name = name, .shape = shape, .scalar = (real_kernel)scalar, .variant = (real_kernel)variant,
      .scalar_arguments = &n, .variant_arguments = &m, .units = (count + RM_REAL_BLOCK - 1) / RM_REAL_BLOCK,
      .want = want.at, .got = got.at, .count = (size_t)count, .relative = 2e-6f, .absolute = 2e-6f,
      .rounding = 8, .work = 2.0 * count * (double)real_size(c), .unit = "B",
  };
  real_run(c, &what);
  real_free(&in);
  real_free(&want);
  real_free(&got);
}

static void softmax(check *c, int outer, int extent, int inner) {
  char name[64], shape[96];
  real_name(c, name, sizeof name, "softmax");
  if (!check_wants(c, name)) return;
  snprintf(shape, sizeof shape, "[%d,%d,%d]", outer, extent, inner);
  const size_t count = (size_t)outer * extent * inner;
  real_array floats = real_floats(c, count, -30, 30);
  real_array want = real_random(c, count, 0, 0), got = real_random(c, count, 0, 0);
  for (size_t i = 0; i < count; i++)
    if (check_random(c) % 8 == 0) ((float *)floats.at)[i] *= c->half ? 1e3f : 1e30f;
  real_array in = real_elements(c, floats);
  rm_real_softmax n = {.input = in.at, .output = want.at, .outer = outer, .extent = extent, .inner = inner}, m = n;
  m.output = got.at;
  const real_case what = {
      .name = name, .shape = shape, .scalar = (real_kernel)real_scalar(c)->softmax,
      .variant = (real_kernel)real_variant(c)->softmax, .scalar_arguments = &n, .variant_arguments = &m,
      .units = outer, .want = want.at, .got = got.at, .count = count, .relative = 4e-6f, .absolute = 1e-30f,
      .work = 2.0 * (double)(count * real_size(c)), .unit = "B",
  };
  real_run(c, &what);
  real_free(&in);
  real_free(&want);
  real_free(&got);
}

// From elements to floats, or back.
static void convert(check *c, int count, int to_float) {
  char name[64], shape[96];
  real_name(c, name, sizeof name, to_float ? "to_float" : "from_float");
  if (!check_wants(c, name)) return;
  snprintf(shape, sizeof shape, "%d", count);
  const int half = c->half;
  c->half = half && to_float;
  real_array in = real_extreme(c, (size_t)count);
  c->half = half && !to_float;
  real_array want = real_random(c, (size_t)count, 0, 0), got = real_random(c, (size_t)count, 0, 0);
  rm_real_convert n = {.input = in.at, .output = want.at, .count = count}, m = n;
  m.output = got.at;
  const int is_half = c->half;
  c->half = half;
  const rm_real_table *s = real_scalar(c), *v = real_variant(c);
  const real_case what = {
      .name = name, .shape = shape, .scalar = (real_kernel)(to_float ? s->to_float : s->from_float),
      .variant = (real_kernel)(to_float ? v->to_float : v->from_float), .scalar_arguments = &n,
      .variant_arguments = &m, .units = (count + RM_REAL_BLOCK - 1) / RM_REAL_BLOCK, .want = want.at, .got = got.at,
      .count = (size_t)count, .work = 6.0 * count, .unit = "B",
  };
  c->half = is_half;
  real_run(c, &what);
  if (!c->bench) check_bytes(c, name, shape, want.at, got.at, (size_t)count * real_size(c));
  c->half = half;
  real_free(&in);
  real_free(&want);
  real_free(&got);
}

void check_real_elementwise(check *c) {
  const rm_real_table *s = real_scalar(c), *v = real_variant(c);
  if (c->bench) {
    binary(c, "add", s->add, v->add, 96, 120, 64, 7, 7);
    binary(c, "mul", s->mul, v->mul, 96, 120, 64, 7, 4);
    unary(c, "clamp", s->clamp, v->clamp, 96 * 120 * 64, 0, 6);
    unary(c, "sigmoid", s->sigmoid, v->sigmoid, 96 * 120, 0, 0);
    softmax(c, 96 * 120, 9, 1);
    softmax(c, 128, 128, 1);
    convert(c, 384 * 480 * 3, 0);
    convert(c, 96 * 120 * 11, 1);
    return;
  }
  for (int i = 0; i < 60; i++) {
    const int rows = check_range(c, 1, 4), pixels = check_range(c, 1, 5), channels = check_range(c, 1, 40);
    const int a = check_range(c, 0, 7), b = check_range(c, 0, 7);
    binary(c, "add", s->add, v->add, rows, pixels, channels, a, b);
    binary(c, "sub", s->sub, v->sub, rows, pixels, channels, a, b);
    binary(c, "mul", s->mul, v->mul, rows, pixels, channels, a, b);
    binary(c, "div", s->div, v->div, rows, pixels, channels, a, b);
    const int count = i % 3 ? check_range(c, 1, 70) : RM_REAL_BLOCK * check_range(c, 1, 2) + check_range(c, -1, 1);
    unary(c, "clamp", s->clamp, v->clamp, count, -1, 6);
    unary(c, "sigmoid", s->sigmoid, v->sigmoid, count, 0, 0);
    unary(c, "hard_sigmoid", s->hard_sigmoid, v->hard_sigmoid, count, 0.2f, 0.5f);
    unary(c, "hard_swish", s->hard_swish, v->hard_swish, count, 0, 0);
    softmax(c, check_range(c, 1, 5), check_range(c, 1, 40), i % 4 ? 1 : check_range(c, 1, 3));
    convert(c, count, i & 1);
  }
}
