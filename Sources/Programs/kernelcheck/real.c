// SPDX-License-Identifier: Apache-2.0
#include "real.h"

void check_real(check *c) {
  for (c->half = 0; c->half < 2; c->half++) {
    check_real_conv(c);
    check_real_elementwise(c);
    check_real_maps(c);
  }
  c->half = c->bf16 = 1;
  if (real_variant(c)->conv_rounds) check_real_conv(c);
  c->bf16 = 0;
}

static rm_real_storage storage(const check *c) {
  return c->bf16 ? RM_REAL_HALF_BF16 : c->half ? RM_REAL_HALF : RM_REAL_FLOAT;
}
const rm_real_table *real_scalar(const check *c) { return rm_real_kernels(RM_CPU_SCALAR, storage(c)); }
const rm_real_table *real_variant(const check *c) { return rm_real_kernels(c->level, storage(c)); }
size_t real_size(const check *c) { return c->half ? sizeof(uint16_t) : sizeof(float); }

void real_name(const check *c, char *out, size_t size, const char *op) {
  const rm_real_table *table = real_variant(c);
  static const char *const curves[] = {"sigmoid", "softmax", "local_attention", "global_average_pool"};
  const char *isa = strcmp(op, "conv") ? table->name : table->conv_name;
  for (size_t i = 0; i < sizeof curves / sizeof *curves; i++)
    if (!strcmp(op, curves[i])) isa = table->curve_name;
  snprintf(out, size, "%s_%s__%s", table->storage, op, isa);
}

real_array real_floats(check *c, size_t count, float low, float high) {
  real_array a = {.memory = guarded_alloc(count * sizeof(float), 0), .count = count};
  a.at = a.memory.data;
  check_fill_f32(c, a.at, count, low, high);
  return a;
}

real_array real_elements(check *c, real_array floats) {
  if (!c->half) return floats;
  real_array a = {.memory = guarded_alloc(floats.count * sizeof(uint16_t), 0), .count = floats.count};
  a.at = a.memory.data;
  rm_real_to_halves(floats.at, a.at, a.count);
  real_free(&floats);
  return a;
}

real_array real_random(check *c, size_t count, float low, float high) {
  return real_elements(c, real_floats(c, count, low, high));
}

real_array real_extreme(check *c, size_t count) {
  static const float hard[] = {0.0f,  -0.0f,  1e-38f, -1e-40f, 1e4f,     -1e4f,    3e38f, -3e38f, 65504, 6e-8f,
                               88.0f, -88.0f, 87.5f,  -200.0f, INFINITY, -INFINITY, 6.0f,  -3.0f,  -7e4f, -3e-5f};
  real_array a = real_floats(c, count, -10, 10);
  for (size_t i = 0; i < count; i++)
    if (check_random(c) % 4 == 0) ((float *)a.at)[i] = hard[check_random(c) % (sizeof hard / sizeof *hard)];
  return real_elements(c, a);
}

void real_free(real_array *array) { guarded_free(&array->memory); }

typedef struct {
  real_kernel kernel;
  const void *arguments;
  ptrdiff_t units;
} call;

static void run_call(void *argument) {
  const call *what = argument;
  what->kernel(what->arguments, 0, what->units);
}

static guarded as_floats(const check *c, const void *elements, size_t count) {
  guarded floats = guarded_alloc(count * sizeof(float), 0);
  if (c->half)
    rm_real_from_halves(elements, (float *)(void *)floats.data, count);
  else
    memcpy(floats.data, elements, count * sizeof(float));
  return floats;
}

static void compare(check *c, const real_case *what) {
  guarded expected = as_floats(c, what->want, what->count), given = as_floats(c, what->got, what->count);
  float *want = (float *)(void *)expected.data, *got = (float *)(void *)given.data;
  // Infinities and NaN have no difference; equal ones count as equal numbers.
  for (size_t i = 0; i < what->count; i++) {
    const float a = want[i], b = got[i];
    if (a == b || (a != a && b != b)) got[i] = want[i] = 0;
  }
  float relative = what->relative, absolute = what->absolute;
  if (c->half) {
    // Errors of floats may turn one rounding: a unit of the last place, which below 2^-14 is 2^-24.
    relative += 0x1p-10f;
    absolute += 0x1p-24f;
    // Each product of two numbers up to 1 is off by up to 2^-8.
    if (strstr(what->name, "_conv__") && strstr(what->name, "bf16")) absolute += what->rounding * 0x1p-9f;
    if (strstr(what->name, "_conv__amx")) absolute += what->rounding * 0x1p-17f;
    if (strstr(what->name, "__avx512fp16") || strstr(what->name, "__neonfp16")) {
      relative += 0x1p-10f;
      absolute += what->rounding * 0x1p-11f;
    }
  }
  check_floats(c, what->name, what->shape, want, got, what->count, relative, absolute);
  guarded_free(&expected);
  guarded_free(&given);
}

void real_run(check *c, const real_case *what) {
  call scalar = {what->scalar, what->scalar_arguments, what->units};
  call variant = {what->variant, what->variant_arguments, what->units};
  if (c->bench) {
    const double slow = check_time(run_call, &scalar), fast = check_time(run_call, &variant);
    check_bench_line(what->name, what->shape, slow, fast, what->work, what->unit);
    return;
  }
  // What lies between the outputs is not the kernel's to write: it must stay as it is.
  const size_t bytes = what->count * real_size(c);
  guarded untouched = guarded_alloc(bytes, 0), whole = guarded_alloc(bytes, 0);
  memcpy(untouched.data, what->got, bytes);
  run_call(&scalar);
  run_call(&variant);
  compare(c, what);
  memcpy(whole.data, what->got, bytes);
  memcpy(what->got, untouched.data, bytes);
  const ptrdiff_t middle = what->units > 1 ? check_range(c, 0, (int)what->units) : 0;
  what->variant(what->variant_arguments, middle, what->units);
  what->variant(what->variant_arguments, 0, middle);
  check_bytes(c, what->name, "split in two", whole.data, what->got, bytes);
  guarded_free(&whole);
  guarded_free(&untouched);
}
