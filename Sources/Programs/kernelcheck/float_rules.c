// SPDX-License-Identifier: Apache-2.0
// Kernels that all levels share, against expectations worked out another way. Inputs are small whole numbers where sums
// are taken, so that any order of them gives the same floats and halves.
#include <stdlib.h>

#include "float.h"

// Elements as floats, and one of them.
static float element(const check *c, const void *elements, size_t at) {
  float x;
  if (!c->half) return ((const float *)elements)[at];
  rm_float_from_halves((const uint16_t *)elements + at, &x, 1);
  return x;
}

static float_array whole_numbers(check *c, size_t count, int low, int high) {
  float_array a = float_floats(c, count, 0, 0);
  for (size_t i = 0; i < count; i++) ((float *)a.at)[i] = (float)check_range(c, low, high);
  return float_elements(c, a);
}

typedef struct {
  float_kernel kernel;
  const void *arguments;
  ptrdiff_t units;
} call;

static void run_call(void *argument) {
  const call *what = argument;
  what->kernel(what->arguments, 0, what->units);
}

// Compares what a kernel gives in two parts with `want`; or times it. `bytes` is the size of the output.
static void expect(check *c, const char *shape, float_kernel kernel, const void *arguments, ptrdiff_t units,
                   const void *got, const void *want, size_t bytes, double work) {
  call what = {kernel, arguments, units};
  if (c->bench) {
    const check_times times = check_time(run_call, &what);
    check_bench_line(c, shape, times, times, work, "B");
    return;
  }
  const ptrdiff_t middle = units > 1 ? check_range(c, 0, (int)units) : 0;
  kernel(arguments, middle, units);
  kernel(arguments, 0, middle);
  check_bytes(c, shape, want, got, bytes);
}

// Sums over the middle of three axes, times 1/4.
static void reduce(check *c, int outer, int extent, int inner) {
  float_array in = whole_numbers(c, (size_t)(outer * extent * inner), -8, 8);
  float_array want = float_floats(c, (size_t)(outer * inner), 0, 0), got = float_random(c, want.count, 0, 0);
  const rm_float_reduce r = {.input = in.at, .output = got.at, .kept_rank = 2, .summed_rank = 1,
                             .kept_extents = {outer, inner}, .kept_strides = {(ptrdiff_t)extent * inner, 1},
                             .summed_extents = {extent}, .summed_strides = {inner}, .scale = 0.25f};
  for (int o = 0; o < outer; o++)
    for (int i = 0; i < inner; i++) {
      double sum = 0;
      for (int e = 0; e < extent; e++) sum += (double)element(c, in.at, (size_t)((o * extent + e) * inner + i));
      ((float *)want.at)[o * inner + i] = (float)(sum / 4);
    }
  want = float_elements(c, want);
  char shape[64];
  snprintf(shape, sizeof shape, "[%d,%d,%d]", outer, extent, inner);
  expect(c, shape, (float_kernel)float_variant(c)->reduce.function, &r, (ptrdiff_t)outer * inner, got.at, want.at,
         got.count * float_size(c), (double)(in.count * float_size(c)));
  float_free(&in);
  float_free(&want);
  float_free(&got);
}
void check_float_reduce(check *c) {
  for (int i = 0; i < 40; i++) reduce(c, check_range(c, 1, 5), check_range(c, 1, 30), check_range(c, 1, 7));
}
void bench_float_reduce(check *c) { reduce(c, 96, 120, 64); }

static void arg_max(check *c, int outer, int extent, int inner) {
  // Few values, so that the first of equals counts.
  float_array in = whole_numbers(c, (size_t)(outer * extent * inner), -2, 2);
  const size_t bytes = (size_t)(outer * inner) * sizeof(int64_t);
  guarded want = guarded_alloc(bytes, 0), got = guarded_alloc(bytes, 0);
  const rm_float_arg_max a = {in.at, (int64_t *)(void *)got.data, outer, extent, inner};
  for (int o = 0; o < outer; o++)
    for (int i = 0; i < inner; i++) {
      int best = 0;
      for (int e = extent - 1; e >= 0; e--) {
        const float x = element(c, in.at, (size_t)((o * extent + e) * inner + i));
        if (x >= element(c, in.at, (size_t)((o * extent + best) * inner + i)) || e == extent - 1) best = e;
      }
      ((int64_t *)(void *)want.data)[o * inner + i] = best;
    }
  char shape[64];
  snprintf(shape, sizeof shape, "[%d,%d,%d]", outer, extent, inner);
  expect(c, shape, (float_kernel)float_variant(c)->arg_max.function, &a, outer, got.data, want.data, bytes,
         (double)(in.count * float_size(c)));
  float_free(&in);
  guarded_free(&want);
  guarded_free(&got);
}
void check_float_arg_max(check *c) {
  for (int i = 0; i < 40; i++) arg_max(c, check_range(c, 1, 5), check_range(c, 1, 20), check_range(c, 1, 7));
}
void bench_float_arg_max(check *c) { arg_max(c, 96 * 120, 11, 1); }

// The transposition of three axes, the innermost of them walked backwards.
static void copy(check *c, int size, int a, int b, int d) {
  const size_t count = (size_t)(a * b * d);
  guarded in = guarded_alloc(count * (size_t)size, 0), want = guarded_alloc(count * (size_t)size, 0);
  guarded got = guarded_alloc(count * (size_t)size, 0);
  for (int i = 0; i < a; i++)
    for (int j = 0; j < b; j++)
      for (int k = 0; k < d; k++)
        memcpy(want.data + ((j * a + i) * d + k) * size, in.data + ((i * b + j) * d + d - 1 - k) * size, (size_t)size);
  const rm_copy call = {.input = in.data + (d - 1) * size, .output = got.data, .size = size, .rank = 3,
                        .extents = {b, a, d}, .in_strides = {d, (ptrdiff_t)b * d, -1},
                        .out_strides = {(ptrdiff_t)a * d, d, 1}};
  char shape[64];
  snprintf(shape, sizeof shape, "%dx%dx%d of %d bytes", a, b, d, size);
  expect(c, shape, (float_kernel)float_variant(c)->copy.function, &call, b, got.data, want.data, count * (size_t)size,
         2.0 * (double)count * size);
  guarded_free(&in);
  guarded_free(&want);
  guarded_free(&got);
}
void check_float_copy(check *c) {
  for (int i = 0; i < 40; i++)
    copy(c, 1 << i % 4, check_range(c, 1, 6), check_range(c, 1, 6), check_range(c, 1, 20));
}
void bench_float_copy(check *c) { copy(c, 4, 96, 120, 64); }

static void fill(check *c, int count) {
  float_array want = float_floats(c, (size_t)count, 0, 0), got = float_random(c, (size_t)count, 0, 0);
  for (int i = 0; i < count; i++) ((float *)want.at)[i] = 0.75f;
  want = float_elements(c, want);
  const rm_float_fill call = {got.at, count, 0.75f};
  char shape[32];
  snprintf(shape, sizeof shape, "%d", count);
  expect(c, shape, (float_kernel)float_variant(c)->fill.function, &call, (count + RM_FLOAT_BLOCK - 1) / RM_FLOAT_BLOCK,
         got.at, want.at, got.count * float_size(c), (double)(got.count * float_size(c)));
  float_free(&want);
  float_free(&got);
}
void check_float_fill(check *c) {
  for (int i = 0; i < 20; i++) fill(c, i % 2 ? check_range(c, 1, 70) : RM_FLOAT_BLOCK + check_range(c, -1, 1));
}
void bench_float_fill(check *c) { fill(c, 96 * 120 * 64); }

static void matmul(check *c, int batch, int m, int k, int n, int repeats) {
  float_array a = whole_numbers(c, (size_t)(batch * m * k), -4, 4);
  float_array b = whole_numbers(c, (size_t)((repeats ? 1 : batch) * k * n), -4, 4);
  float_array want = float_floats(c, (size_t)(batch * m * n), 0, 0), got = float_random(c, want.count, 0, 0);
  const rm_float_matmul call = {a.at, b.at, got.at, (ptrdiff_t)m * k, repeats ? 0 : (ptrdiff_t)k * n, batch, m, k, n};
  for (int i = 0; i < batch; i++)
    for (int row = 0; row < m; row++)
      for (int column = 0; column < n; column++) {
        double sum = 0;
        for (int t = 0; t < k; t++)
          sum += (double)element(c, a.at, (size_t)((i * m + row) * k + t)) *
                 (double)element(c, b.at, (size_t)(((repeats ? 0 : i) * k + t) * n + column));
        ((float *)want.at)[(i * m + row) * n + column] = (float)sum;
      }
  want = float_elements(c, want);
  char shape[64];
  snprintf(shape, sizeof shape, "%d*%dx%dx%d", batch, m, k, n);
  expect(c, shape, (float_kernel)float_variant(c)->matmul.function, &call, (ptrdiff_t)batch * m, got.at, want.at,
         got.count * float_size(c), (double)batch * m * k * n);
  float_free(&a);
  float_free(&b);
  float_free(&want);
  float_free(&got);
}
void check_float_matmul(check *c) {
  for (int i = 0; i < 40; i++)
    matmul(c, check_range(c, 1, 3), check_range(c, 1, 9), check_range(c, 1, 30), check_range(c, 1, 9), i & 1);
}
void bench_float_matmul(check *c) { matmul(c, 1, 64, 64, 64, 0); }

// Both ways, a scale for each index of the middle axis. Scales are powers of two, so that divisions are exact.
static void quantize(check *c, int outer, int extent, int inner, int back) {
  const int is_signed = check_range(c, 0, 1), low = is_signed ? -128 : 0, high = is_signed ? 127 : 255;
  const size_t count = (size_t)(outer * extent * inner);
  float_array floats = float_floats(c, count, 0, 0), scales = float_floats(c, (size_t)extent, 0, 0);
  guarded zeros = guarded_alloc((size_t)extent * 4, 0), bytes = guarded_alloc(count, 0), got = guarded_alloc(count, 0);
  int32_t *zero = (int32_t *)(void *)zeros.data;
  for (int e = 0; e < extent; e++) {
    ((float *)scales.at)[e] = 1.0f / (float)(1 << check_range(c, 0, 4));
    zero[e] = check_range(c, low, high);
  }
  for (size_t i = 0; i < count; i++) {
    const size_t e = i / (size_t)inner % (size_t)extent;
    const float scale = ((float *)scales.at)[e];
    if (back) {
      const int q = check_range(c, low, high);
      bytes.data[i] = (uint8_t)q;
      ((float *)floats.at)[i] = scale * (float)(q - zero[e]);
    } else {
      // Halves of a unit, which go to the even one.
      ((float *)floats.at)[i] = scale * 0.5f * (float)check_range(c, -900, 900);
      const double q = rint((double)((float *)floats.at)[i] / (double)scale) + zero[e];
      bytes.data[i] = (uint8_t)(int)(q < low ? low : q > high ? high : q);
    }
  }
  floats = float_elements(c, floats);
  float_array floats_got = float_random(c, count, 0, 0);
  const rm_float_quantize call = {.input = back ? (void *)bytes.data : floats.at,
                                  .output = back ? floats_got.at : (void *)got.data, .scales = scales.at,
                                  .zero_points = zero, .outer = outer, .extent = extent, .inner = inner,
                                  .is_signed = is_signed};
  char shape[64];
  snprintf(shape, sizeof shape, "[%d,%d,%d]%s", outer, extent, inner, is_signed ? " signed" : "");
  const rm_float_table *v = float_variant(c);
  if (back)
    expect(c, shape, (float_kernel)v->dequantize.function, &call, outer, floats_got.at, floats.at,
           count * float_size(c), (double)count);
  else
    expect(c, shape, (float_kernel)v->quantize.function, &call, outer, got.data, bytes.data, count, (double)count);
  float_free(&floats);
  float_free(&floats_got);
  float_free(&scales);
  guarded_free(&zeros);
  guarded_free(&bytes);
  guarded_free(&got);
}
void check_float_quantize(check *c) {
  for (int i = 0; i < 40; i++) quantize(c, check_range(c, 1, 5), check_range(c, 1, 20), check_range(c, 1, 9), 0);
}
void bench_float_quantize(check *c) { quantize(c, 96, 64, 120, 0); }
void check_float_dequantize(check *c) {
  for (int i = 0; i < 40; i++) quantize(c, check_range(c, 1, 5), check_range(c, 1, 20), check_range(c, 1, 9), 1);
}
void bench_float_dequantize(check *c) { quantize(c, 96, 64, 120, 1); }
