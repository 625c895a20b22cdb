// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <string.h>

#include "int8.h"

// Two inputs and two outputs of one map, with gaps between pixels.
typedef struct {
  int rows, columns, channels, pixel;
  int8_fill fill;
  guarded a, b, want, got;
  char name[96];
} maps;

static maps make_maps(check *c, int b_size_of_pixel) {
  maps m = {.rows = check_range(c, 1, 6), .columns = check_range(c, 1, 20)};
  m.channels = check_range(c, 0, 3) ? check_range(c, 1, 70) : 32 * check_range(c, 1, 4);
  if (check_range(c, 0, 15) == 0) m.channels = check_range(c, 1000, 1100);
  m.pixel = m.channels + (check_range(c, 0, 2) ? 0 : check_range(c, 1, 9));
  m.fill = check_range(c, 0, 2) ? INT8_RANDOM : INT8_EXTREME;
  const size_t size = (size_t)(m.rows * m.columns * m.pixel - (m.pixel - m.channels));
  m.a = guarded_alloc(size, RM_INT8_OVERREAD);
  m.b = guarded_alloc(b_size_of_pixel ? (size_t)(m.rows * m.columns) : size, RM_INT8_OVERREAD);
  m.want = guarded_alloc(size, 0);
  m.got = guarded_alloc(size, 0);
  int8_fill_bytes(c, m.a.data, m.a.size, m.fill);
  int8_fill_bytes(c, m.b.data, m.b.size, m.fill);
  snprintf(m.name, sizeof m.name, "%dx%dx%d pixel %d%s", m.rows, m.columns, m.channels, m.pixel,
           m.fill == INT8_EXTREME ? " extreme" : "");
  return m;
}

static void finish(check *c, maps *m) {
  check_bytes(c, m->name, m->want.data, m->got.data, m->want.size);
  guarded_free(&m->a);
  guarded_free(&m->b);
  guarded_free(&m->want);
  guarded_free(&m->got);
}

static void one_combine(check *c, const rm_int8_kernels *scalar, const rm_int8_kernels *variant) {
  maps m = make_maps(c, 0);
  const int in_place = check_range(c, 0, 3) == 0, one = check_range(c, 0, 3) == 0;
  const float span = check_range(c, 0, 5) ? 2 : 300;
  const int low = check_range(c, 0, 1) ? 0 : check_range(c, 0, 200);
  rm_int8_combine_call call = {
      .a = m.a.data,
      .b = one ? NULL : m.b.data,
      .a_pixel = m.pixel,
      .b_pixel = m.pixel,
      .out_pixel = m.pixel,
      .columns = m.columns,
      .channels = m.channels,
      .rule = rm_int8_make_combine(check_float(c, 0.001f, span), check_range(c, 0, 255),
                                   one ? 0 : check_float(c, -span, span), check_range(c, 0, 255),
                                   check_range(c, 0, 255), low, check_range(c, low, 255)),
  };
  call.out = m.want.data;
  scalar->combine.function(&call, 0, m.rows);
  call.out = in_place ? m.a.data : m.got.data;
  const int split = check_range(c, 0, m.rows);
  variant->combine.function(&call, 0, split);
  variant->combine.function(&call, split, m.rows);
  if (in_place) {
    // Gaps keep what the input had there.
    for (size_t i = 0; i < m.a.size; i++)
      if ((int)(i % (size_t)m.pixel) < m.channels) m.got.data[i] = m.a.data[i];
  }
  finish(c, &m);
}

static void one_mul(check *c, const rm_int8_kernels *scalar, const rm_int8_kernels *variant) {
  const int shape = check_range(c, RM_INT8_SAME, RM_INT8_PIXELS);
  maps m = make_maps(c, shape == RM_INT8_PIXELS);
  // All numbers from a zero point of 0 on have a path of their own.
  const int open = check_range(c, 0, 2) == 0, low = open || check_range(c, 0, 1) ? 0 : check_range(c, 0, 200);
  rm_int8_mul_call call = {
      .a = m.a.data,
      .b = m.b.data,
      .a_pixel = m.pixel,
      .b_pixel = shape == RM_INT8_PIXELS ? 1 : m.pixel,
      .out_pixel = m.pixel,
      .columns = m.columns,
      .channels = m.channels,
      .a_zero = check_range(c, 0, 255),
      .b_zero = check_range(c, 0, 255),
      .out_zero = open ? 0 : check_range(c, 0, 255),
      .low = low,
      .high = open ? 255 : check_range(c, low, 255),
      .multiplier = check_range(c, 0, 9) ? check_float(c, 0.0005f, 0.02f) : 1e6f,
  };
  call.b_shape = (unsigned)shape;
  call.out = m.want.data;
  scalar->mul.function(&call, 0, m.rows);
  call.out = m.got.data;
  variant->mul.function(&call, 0, m.rows);
  finish(c, &m);
}

static void one_table(check *c, const rm_int8_kernels *scalar, const rm_int8_kernels *variant) {
  maps m = make_maps(c, 0);
  rm_int8_table_call call = {.in = m.a.data,
                             .in_pixel = m.pixel,
                             .out_pixel = m.pixel,
                             .columns = m.columns,
                             .channels = m.channels};
  check_fill_u8(c, call.table, 256);
  call.out = m.want.data;
  scalar->table.function(&call, 0, m.rows);
  call.out = m.got.data;
  variant->table.function(&call, 0, m.rows);
  finish(c, &m);
}

static void one_softmax(check *c, const rm_int8_kernels *scalar, const rm_int8_kernels *variant) {
  const int rows = check_range(c, 1, 4), columns = check_range(c, 1, 30), channels = check_range(c, 1, 20);
  const int pixel = channels + check_range(c, 0, 3);
  guarded in = guarded_alloc((size_t)(rows * columns * pixel), RM_INT8_OVERREAD);
  guarded want = guarded_alloc((size_t)(rows * columns * channels), 0);
  guarded got = guarded_alloc(want.size, 0);
  int8_fill_bytes(c, in.data, in.size, check_range(c, 0, 2) ? INT8_RANDOM : INT8_EXTREME);
  rm_int8_softmax_call call = {.in = in.data, .in_pixel = pixel, .out_pixel = channels, .columns = columns,
                               .channels = channels};
  float value = 32767;
  const float factor = check_float(c, 0.9f, 0.999f);
  for (int i = 0; i < 256; i++, value *= factor) call.table[i] = (uint16_t)value;
  call.out = want.data;
  scalar->softmax.function(&call, 0, rows);
  call.out = got.data;
  variant->softmax.function(&call, 0, rows);
  char name[64];
  snprintf(name, sizeof name, "%dx%dx%d", rows, columns, channels);
  check_bytes(c, name, want.data, got.data, want.size);
  guarded_free(&in);
  guarded_free(&want);
  guarded_free(&got);
}

// Quantizes, and where `back_too` is 1 compares what comes back.
static void convert(check *c, const rm_int8_kernels *scalar, const rm_int8_kernels *variant, int back_too) {
  const size_t count = (size_t)check_range(c, 1, 300);
  guarded real = guarded_alloc(count * 4, RM_INT8_OVERREAD), want = guarded_alloc(count, RM_INT8_OVERREAD);
  guarded got = guarded_alloc(count, 0), back = guarded_alloc(count * 4, 0);
  float *values = (float *)real.data;
  check_fill_f32(c, values, count, -300, 300);
  for (size_t i = 0; i < count; i++) {
    if (check_range(c, 0, 3) == 0) values[i] = (float)check_range(c, -600, 600) * 0.5f;
    if (check_range(c, 0, 30) == 0) values[i] = (float)(check_range(c, 0, 1) ? 1e30 : -1e30) * 1e30f;
    if (check_range(c, 0, 30) == 0) values[i] = __builtin_nanf("");
  }
  rm_int8_quantize_call call = {.in = values, .scale = check_range(c, 0, 1) ? 1 : check_float(c, 0.01f, 3),
                                .zero = check_range(c, 0, 255), .low = check_range(c, 0, 60),
                                .high = check_range(c, 60, 255)};
  call.out = want.data;
  scalar->quantize.function(&call, 0, (ptrdiff_t)count);
  call.out = got.data;
  variant->quantize.function(&call, 0, (ptrdiff_t)count);
  char name[64];
  snprintf(name, sizeof name, "%zu scale %g zero %d", count, call.scale, call.zero);
  if (!back_too) check_bytes(c, name, want.data, got.data, count);
  rm_int8_dequantize_call inverse = {.in = want.data, .out = values, .scale = call.scale, .zero = call.zero};
  scalar->dequantize.function(&inverse, 0, (ptrdiff_t)count);
  inverse.out = (float *)back.data;
  variant->dequantize.function(&inverse, 0, (ptrdiff_t)count);
  if (back_too) check_bytes(c, name, real.data, back.data, count * 4);
  guarded_free(&real);
  guarded_free(&want);
  guarded_free(&got);
  guarded_free(&back);
}

static void one_quantize(check *c, const rm_int8_kernels *scalar, const rm_int8_kernels *variant) {
  convert(c, scalar, variant, 0);
}

static void one_dequantize(check *c, const rm_int8_kernels *scalar, const rm_int8_kernels *variant) {
  convert(c, scalar, variant, 1);
}

void check_int8_combine(check *c) {
  for (int i = 0; i < 20 && c->level == RM_CPU_SCALAR; i++) int8_expect_combine(c);
  int8_repeat(c, one_combine, 150);
}
void check_int8_mul(check *c) { int8_repeat(c, one_mul, 150); }
void check_int8_table(check *c) { int8_repeat(c, one_table, 150); }
void check_int8_softmax(check *c) {
  if (c->level == RM_CPU_SCALAR) int8_expect_softmax(c);
  int8_repeat(c, one_softmax, 150);
}
void check_int8_quantize(check *c) { int8_repeat(c, one_quantize, 150); }
void check_int8_dequantize(check *c) { int8_repeat(c, one_dequantize, 150); }
