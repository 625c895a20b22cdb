// SPDX-License-Identifier: Apache-2.0
#include "float.h"

void check_float_family(check *c) {
  static const check_entry entries[] = {
#define RM_SLOT(slot, ...) {#slot, check_float_##slot, bench_float_##slot},
#include "slots_float.inc"
  };
  static const rm_numbers all[] = {RM_NUMBERS_FLOAT, RM_NUMBERS_HALF, RM_NUMBERS_BF16};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    c->numbers = all[i];
    c->half = all[i] != RM_NUMBERS_FLOAT;
    rm_kernel_slot slots[RM_FLOAT_SLOTS];
    rm_float_slots(float_variant(c), slots);
    for (int j = 0; j < RM_FLOAT_SLOTS; j++) {
      // A table with products of bf16 is that of halves besides.
      const int is_new = all[i] != RM_NUMBERS_BF16 || slots[j].id->numbers == RM_NUMBERS_BF16;
      if (is_new) check_slots(c, entries + j, slots + j, 1);
    }
  }
}

const rm_float_table *float_scalar(const check *c) { return rm_float_kernels(RM_CPU_SCALAR, c->numbers); }
const rm_float_table *float_variant(const check *c) { return rm_float_kernels(c->level, c->numbers); }
size_t float_size(const check *c) { return c->half ? sizeof(uint16_t) : sizeof(float); }

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
    if (c->kernel->numbers == RM_NUMBERS_BF16) absolute += what->rounding * 0x1p-9f;
    if (c->kernel->isa == RM_ISA_amx) absolute += what->rounding * 0x1p-17f;
    if (c->kernel->isa == RM_ISA_avx512fp16 || c->kernel->isa == RM_ISA_neonfp16) {
      relative += 0x1p-10f;
      absolute += what->rounding * 0x1p-11f;
    }
  }
  check_floats(c, what->shape, want, got, what->count, relative, absolute);
  guarded_free(&expected);
  guarded_free(&given);
}

void float_run(check *c, const float_case *what) {
  call scalar = {what->scalar, what->scalar_arguments, what->units};
  call variant = {what->variant, what->variant_arguments, what->units};
  if (c->bench) {
    const check_times slow = check_time(run_call, &scalar), fast = check_time(run_call, &variant);
    check_bench_line(c, what->shape, slow, fast, what->work, what->unit);
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
  check_bytes(c, "split in two", whole.data, what->got, bytes);
  guarded_free(&whole);
  guarded_free(&untouched);
}
