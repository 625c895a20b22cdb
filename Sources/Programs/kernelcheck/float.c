// SPDX-License-Identifier: Apache-2.0
#include "float.h"

void check_float_family(check *c) {
  for (c->half = 0; c->half < 2; c->half++) {
    check_float_conv(c);
    check_float_elementwise(c);
    check_float_maps(c);
  }
  c->half = c->bf16 = 1;
  if (float_variant(c)->conv.id.numbers == RM_NUMBERS_BF16) check_float_conv(c);
  c->bf16 = 0;
}

static rm_numbers numbers(const check *c) {
  return c->bf16 ? RM_NUMBERS_BF16 : c->half ? RM_NUMBERS_HALF : RM_NUMBERS_FLOAT;
}
const rm_float_table *float_scalar(const check *c) { return rm_float_kernels(RM_CPU_SCALAR, numbers(c)); }
const rm_float_table *float_variant(const check *c) { return rm_float_kernels(c->level, numbers(c)); }
size_t float_size(const check *c) { return c->half ? sizeof(uint16_t) : sizeof(float); }

const rm_kernel_id *float_id(const check *c, const char *slot) { return rm_float_kernel_id(float_variant(c), slot); }

float_array float_floats(check *c, size_t count, float low, float high) {
  float_array a = {.memory = guarded_alloc(count * sizeof(float), 0), .count = count};
  a.at = a.memory.data;
  check_fill_f32(c, a.at, count, low, high);
  return a;
}

float_array float_elements(check *c, float_array floats) {
  if (!c->half) return floats;
  float_array a = {.memory = guarded_alloc(floats.count * sizeof(uint16_t), 0), .count = floats.count};
  a.at = a.memory.data;
  rm_float_to_halves(floats.at, a.at, a.count);
  float_free(&floats);
  return a;
}

float_array float_random(check *c, size_t count, float low, float high) {
  return float_elements(c, float_floats(c, count, low, high));
}

float_array float_extreme(check *c, size_t count) {
  static const float hard[] = {0.0f,  -0.0f,  1e-38f, -1e-40f, 1e4f,     -1e4f,    3e38f, -3e38f, 65504, 6e-8f,
                               88.0f, -88.0f, 87.5f,  -200.0f, INFINITY, -INFINITY, 6.0f,  -3.0f,  -7e4f, -3e-5f};
  float_array a = float_floats(c, count, -10, 10);
  for (size_t i = 0; i < count; i++)
    if (check_random(c) % 4 == 0) ((float *)a.at)[i] = hard[check_random(c) % (sizeof hard / sizeof *hard)];
  return float_elements(c, a);
}

void float_free(float_array *array) { guarded_free(&array->memory); }

typedef struct {
  float_kernel kernel;
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
    rm_float_from_halves(elements, (float *)(void *)floats.data, count);
  else
    memcpy(floats.data, elements, count * sizeof(float));
  return floats;
}

static void compare(check *c, const float_case *what) {
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
    if (what->id->numbers == RM_NUMBERS_BF16) absolute += what->rounding * 0x1p-9f;
    if (what->id->isa == RM_ISA_amx) absolute += what->rounding * 0x1p-17f;
    if (what->id->isa == RM_ISA_avx512fp16 || what->id->isa == RM_ISA_neonfp16) {
      relative += 0x1p-10f;
      absolute += what->rounding * 0x1p-11f;
    }
  }
  check_floats(c, what->id->name, what->shape, want, got, what->count, relative, absolute);
  guarded_free(&expected);
  guarded_free(&given);
}

void float_run(check *c, const float_case *what) {
  call scalar = {what->scalar, what->scalar_arguments, what->units};
  call variant = {what->variant, what->variant_arguments, what->units};
  if (c->bench) {
    const double slow = check_time(run_call, &scalar), fast = check_time(run_call, &variant);
    check_bench_line(what->id->name, what->shape, slow, fast, what->work, what->unit);
    return;
  }
  // What lies between the outputs is not the kernel's to write: it must stay as it is.
  const size_t bytes = what->count * float_size(c);
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
  check_bytes(c, what->id->name, "split in two", whole.data, what->got, bytes);
  guarded_free(&whole);
  guarded_free(&untouched);
}
