// SPDX-License-Identifier: Apache-2.0
#include "float.h"

// Operands of [rows][pixels][channels], either repeated along any of the axes.
static void binary(check *c, rm_float_binary_fn scalar, rm_float_binary_fn variant, int rows, int pixels,
                   int channels, int a_axes, int b_axes) {
  char shape[96];
  snprintf(shape, sizeof shape, "[%d,%d,%d] axes %d %d", rows, pixels, channels, a_axes, b_axes);
  const size_t count = (size_t)rows * pixels * channels;
  float_array a = float_extreme(c, count), b = float_extreme(c, count);
  float_array want = float_random(c, count, 0, 0), got = float_random(c, count, 0, 0);
  rm_float_binary n = {.a = a.at, .b = b.at, .output = want.at, .rank = 3, .extents = {rows, pixels, channels},
                     .low = check_range(c, 0, 1) ? 0 : -INFINITY, .high = check_range(c, 0, 1) ? 6 : INFINITY};
  const ptrdiff_t dense[3] = {(ptrdiff_t)pixels * channels, channels, 1};
  for (int axis = 0; axis < 3; axis++) {
    n.a_strides[axis] = a_axes >> axis & 1 ? dense[axis] : 0;
    n.b_strides[axis] = b_axes >> axis & 1 ? dense[axis] : 0;
  }
  rm_float_binary m = n;
  m.output = got.at;
  const float_case what = {
      .shape = shape, .scalar = (float_kernel)scalar, .variant = (float_kernel)variant,
      .scalar_arguments = &n, .variant_arguments = &m, .units = (ptrdiff_t)rows * pixels, .want = want.at,
      .got = got.at, .count = count, .relative = 1e-6f, .absolute = 0, .work = 3.0 * (double)(count * float_size(c)),
      .unit = "B",
  };
  float_run(c, &what);
  float_free(&a);
  float_free(&b);
  float_free(&want);
  float_free(&got);
}

static void unary(check *c, rm_float_unary_fn scalar, rm_float_unary_fn variant, int count, float a,
                  float b) {
  char shape[96];
  snprintf(shape, sizeof shape, "%d", count);
  float_array in = float_extreme(c, (size_t)count);
  float_array want = float_random(c, (size_t)count, 0, 0), got = float_random(c, (size_t)count, 0, 0);
  rm_float_unary n = {.input = in.at, .output = want.at, .count = count, .a = a, .b = b}, m = n;
  m.output = got.at;
  const float_case what = {
      .shape = shape, .scalar = (float_kernel)scalar, .variant = (float_kernel)variant,
      .scalar_arguments = &n, .variant_arguments = &m, .units = (count + RM_FLOAT_BLOCK - 1) / RM_FLOAT_BLOCK,
      .want = want.at, .got = got.at, .count = (size_t)count, .relative = 2e-6f, .absolute = 2e-6f,
      .rounding = 8, .work = 2.0 * count * (double)float_size(c), .unit = "B",
  };
  float_run(c, &what);
  float_free(&in);
  float_free(&want);
  float_free(&got);
}

static void softmax(check *c, int outer, int extent, int inner) {
  char shape[96];
  snprintf(shape, sizeof shape, "[%d,%d,%d]", outer, extent, inner);
  const size_t count = (size_t)outer * extent * inner;
  float_array floats = float_floats(c, count, -30, 30);
  float_array want = float_random(c, count, 0, 0), got = float_random(c, count, 0, 0);
  for (size_t i = 0; i < count; i++)
    if (check_random(c) % 8 == 0) ((float *)floats.at)[i] *= c->half ? 1e3f : 1e30f;
  float_array in = float_elements(c, floats);
  rm_float_softmax n = {.input = in.at, .output = want.at, .outer = outer, .extent = extent, .inner = inner}, m = n;
  m.output = got.at;
  const float_case what = {
      .shape = shape, .scalar = (float_kernel)float_scalar(c)->softmax.function,
      .variant = (float_kernel)float_variant(c)->softmax.function, .scalar_arguments = &n, .variant_arguments = &m,
      .units = outer, .want = want.at, .got = got.at, .count = count, .relative = 4e-6f, .absolute = 1e-30f,
      .work = 2.0 * (double)(count * float_size(c)), .unit = "B",
  };
  float_run(c, &what);
  float_free(&in);
  float_free(&want);
  float_free(&got);
}

// From elements to floats, or back.
static void convert(check *c, int count, int to_float) {
  char shape[96];
  snprintf(shape, sizeof shape, "%d", count);
  const int half = c->half;
  c->half = half && to_float;
  float_array in = float_extreme(c, (size_t)count);
  c->half = half && !to_float;
  float_array want = float_random(c, (size_t)count, 0, 0), got = float_random(c, (size_t)count, 0, 0);
  rm_float_convert n = {.input = in.at, .output = want.at, .count = count}, m = n;
  m.output = got.at;
  const int is_half = c->half;
  c->half = half;
  const rm_float_table *s = float_scalar(c), *v = float_variant(c);
  const float_case what = {
      .shape = shape, .scalar = (float_kernel)(to_float ? s->to_float.function : s->from_float.function),
      .variant = (float_kernel)(to_float ? v->to_float.function : v->from_float.function), .scalar_arguments = &n,
      .variant_arguments = &m, .units = (count + RM_FLOAT_BLOCK - 1) / RM_FLOAT_BLOCK, .want = want.at, .got = got.at,
      .count = (size_t)count, .work = 6.0 * count, .unit = "B",
  };
  c->half = is_half;
  float_run(c, &what);
  if (!c->bench) check_bytes(c, shape, want.at, got.at, (size_t)count * float_size(c));
  c->half = half;
  float_free(&in);
  float_free(&want);
  float_free(&got);
}

// Any operands, and for a bench two maps of one shape.
#define BINARY(slot)                                                                                          \
  void check_float_##slot(check *c) {                                                                         \
    for (int i = 0; i < 60; i++)                                                                              \
      binary(c, float_scalar(c)->slot.function, float_variant(c)->slot.function, check_range(c, 1, 4),        \
             check_range(c, 1, 5), check_range(c, 1, 40), check_range(c, 0, 7), check_range(c, 0, 7));        \
  }                                                                                                           \
  void bench_float_##slot(check *c) {                                                                         \
    binary(c, float_scalar(c)->slot.function, float_variant(c)->slot.function, 96, 120, 64, 7, 7);            \
  }
BINARY(add)
BINARY(sub)
BINARY(mul)
BINARY(div)

// Few elements, and counts around blocks.
static int some_count(check *c, int i) {
  return i % 3 ? check_range(c, 1, 70) : RM_FLOAT_BLOCK * check_range(c, 1, 2) + check_range(c, -1, 1);
}

#define UNARY(slot, a, b)                                                                                     \
  void check_float_##slot(check *c) {                                                                         \
    for (int i = 0; i < 60; i++)                                                                              \
      unary(c, float_scalar(c)->slot.function, float_variant(c)->slot.function, some_count(c, i), a, b);      \
  }                                                                                                           \
  void bench_float_##slot(check *c) {                                                                         \
    unary(c, float_scalar(c)->slot.function, float_variant(c)->slot.function, 96 * 120 * 64, a, b);           \
  }
UNARY(clamp, -1, 6)
UNARY(sigmoid, 0, 0)
UNARY(hard_sigmoid, 0.2f, 0.5f)
UNARY(hard_swish, 0, 0)

void check_float_softmax(check *c) {
  for (int i = 0; i < 60; i++)
    softmax(c, check_range(c, 1, 5), check_range(c, 1, 40), i % 4 ? 1 : check_range(c, 1, 3));
}
void bench_float_softmax(check *c) {
  softmax(c, 96 * 120, 9, 1);
  softmax(c, 128, 128, 1);
}

void check_float_to_float(check *c) {
  for (int i = 0; i < 60; i++) convert(c, some_count(c, i), 1);
}
void bench_float_to_float(check *c) { convert(c, 96 * 120 * 11, 1); }
void check_float_from_float(check *c) {
  for (int i = 0; i < 60; i++) convert(c, some_count(c, i), 0);
}
void bench_float_from_float(check *c) { convert(c, 384 * 480 * 3, 0); }
