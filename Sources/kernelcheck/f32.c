// SPDX-License-Identifier: Apache-2.0
#include "f32.h"

void check_f32(check *c) {
  check_f32_conv(c);
  check_f32_elementwise(c);
  check_f32_maps(c);
}

f32_array f32_random(check *c, size_t count, float low, float high) {
  f32_array a = {.memory = guarded_alloc(count * sizeof(float), 0), .count = count};
  a.at = (float *)(void *)a.memory.data;
  check_fill_f32(c, a.at, count, low, high);
  return a;
}

f32_array f32_extreme(check *c, size_t count) {
  static const float hard[] = {0.0f,  -0.0f,  1e-38f, -1e-40f, 1e4f,     -1e4f,    3e38f, -3e38f,
                               88.0f, -88.0f, 87.5f,  -200.0f, INFINITY, -INFINITY, 6.0f,  -3.0f};
  f32_array a = f32_random(c, count, -10, 10);
  for (size_t i = 0; i < count; i++)
    if (check_random(c) % 4 == 0) a.at[i] = hard[check_random(c) % (sizeof hard / sizeof *hard)];
  return a;
}

void f32_free(f32_array *array) { guarded_free(&array->memory); }

typedef struct {
  f32_kernel kernel;
  const void *arguments;
  ptrdiff_t units;
} call;

static void run_call(void *argument) {
  const call *what = argument;
  what->kernel(what->arguments, 0, what->units);
}

void f32_run(check *c, const f32_case *what) {
  call scalar = {what->scalar, what->scalar_arguments, what->units};
  call variant = {what->variant, what->variant_arguments, what->units};
  if (c->bench) {
    const double slow = check_time(run_call, &scalar), fast = check_time(run_call, &variant);
    check_bench_line(what->name, what->shape, slow, fast, what->work, what->unit);
    return;
  }
  // What lies between the outputs is not the kernel's to write: it must stay as it is.
  guarded untouched = guarded_alloc(what->count * sizeof(float), 0);
  memcpy(untouched.data, what->got, what->count * sizeof(float));
  run_call(&scalar);
  run_call(&variant);
  guarded whole = guarded_alloc(what->count * sizeof(float), 0);
  float *first = (float *)(void *)whole.data;
  memcpy(first, what->got, what->count * sizeof(float));
  // Infinities and NaN have no difference; equal ones count as equal numbers.
  for (size_t i = 0; i < what->count; i++) {
    const float a = what->want[i], b = first[i];
    if (a == b || (a != a && b != b)) first[i] = what->want[i] = 0;
  }
  check_floats(c, what->name, what->shape, what->want, first, what->count, what->relative, what->absolute);
  memcpy(first, what->got, what->count * sizeof(float));
  memcpy(what->got, untouched.data, what->count * sizeof(float));
  const ptrdiff_t middle = what->units > 1 ? check_range(c, 0, (int)what->units) : 0;
  what->variant(what->variant_arguments, middle, what->units);
  what->variant(what->variant_arguments, 0, middle);
  check_bytes(c, what->name, "split in two", first, what->got, what->count * sizeof(float));
  guarded_free(&whole);
  guarded_free(&untouched);
}
