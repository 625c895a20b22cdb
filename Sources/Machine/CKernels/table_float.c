// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "float_kernels.h"


// Declarations and tables follow from the list of slots; a table names the column that it takes.
#define F32 FLOAT, f32
#define F16 HALF, f16
#define KERNEL_(NUMBERS, prefix, slot, isa) RM_KERNEL(NUMBERS, prefix, slot, isa)
#define KERNEL(elements, slot, isa) .slot = KERNEL_(elements, slot, isa),
#define COPY(isa) .copy = {rm_copy__##isa, {"copy__" #isa, RM_NUMBERS_ANY, RM_ISA_##isa}},

#define PACKED_CONV(NUMBERS, prefix, isa)                                                          \
  .conv = RM_KERNEL(NUMBERS, prefix, conv, isa), .conv_packed_bytes = rm_##prefix##_conv_packed_bytes__##isa, \
  .conv_pack = rm_##prefix##_conv_pack__##isa,

static const rm_float_table f32_scalar = {
#define RM_SLOT(slot, call, avx2, avx512, avx512fp16, neon, neonfp16) KERNEL(F32, slot, scalar)
#define RM_ANY_SLOT(slot, call, avx2, avx512, avx512fp16, neon, neonfp16) COPY(scalar)
#include "slots_float.inc"
};

static const rm_float_table f16_scalar = {
#define RM_SLOT(slot, call, avx2, avx512, avx512fp16, neon, neonfp16) KERNEL(F16, slot, scalar)
#define RM_FLOAT_SLOT(...)
#define RM_ANY_SLOT(slot, call, avx2, avx512, avx512fp16, neon, neonfp16) COPY(scalar)
#include "slots_float.inc"
};

#if defined(__x86_64__)

static const rm_float_table f32_avx2 = {
    PACKED_CONV(FLOAT, f32, avx2)
#define RM_SLOT(slot, call, avx2, avx512, avx512fp16, neon, neonfp16) KERNEL(F32, slot, avx2)
#define RM_ANY_SLOT(slot, call, avx2, avx512, avx512fp16, neon, neonfp16) COPY(avx2)
#define RM_CONV_SLOT(...)
#include "slots_float.inc"
};

static const rm_float_table f32_avx512 = {
    PACKED_CONV(FLOAT, f32, avx512)
#define RM_SLOT(slot, call, avx2, avx512, avx512fp16, neon, neonfp16) KERNEL(F32, slot, avx512)
#define RM_ANY_SLOT(slot, call, avx2, avx512, avx512fp16, neon, neonfp16) COPY(avx512)
#define RM_CONV_SLOT(...)
#include "slots_float.inc"
};

static const rm_float_table f16_avx2 = {
    PACKED_CONV(HALF, f16, avx2)
#define RM_SLOT(slot, call, avx2, avx512, avx512fp16, neon, neonfp16) KERNEL(F16, slot, avx2)
#define RM_ANY_SLOT(slot, call, avx2, avx512, avx512fp16, neon, neonfp16) COPY(avx2)
#define RM_FLOAT_SLOT(...)
#define RM_CONV_SLOT(...)
#include "slots_float.inc"
};

static const rm_float_table f16_avx512 = {
    PACKED_CONV(HALF, f16, avx512)
#define RM_SLOT(slot, call, avx2, avx512, avx512fp16, neon, neonfp16) KERNEL(F16, slot, avx512)
#define RM_ANY_SLOT(slot, call, avx2, avx512, avx512fp16, neon, neonfp16) COPY(avx512)
#define RM_FLOAT_SLOT(...)
#define RM_CONV_SLOT(...)
#include "slots_float.inc"
};

static const rm_float_table bf16_avx512bf16 = {
    PACKED_CONV(BF16, bf16, avx512bf16)
#define RM_SLOT(slot, call, avx2, avx512, avx512fp16, neon, neonfp16) KERNEL(F16, slot, avx512)
#define RM_ANY_SLOT(slot, call, avx2, avx512, avx512fp16, neon, neonfp16) COPY(avx512)
#define RM_FLOAT_SLOT(...)
#define RM_CONV_SLOT(...)
#include "slots_float.inc"
};

static const rm_float_table f16_avx512fp16 = {
    PACKED_CONV(HALF, f16, avx512fp16)
#define RM_SLOT(slot, call, avx2, avx512, avx512fp16, neon, neonfp16) KERNEL(F16, slot, avx512fp16)
#define RM_ANY_SLOT(slot, call, avx2, avx512, avx512fp16, neon, neonfp16) COPY(avx512fp16)
#define RM_FLOAT_SLOT(...)
#define RM_CONV_SLOT(...)
#include "slots_float.inc"
};

static const rm_float_table f16_amx = {
    PACKED_CONV(HALF, f16, amx)
#define RM_SLOT(slot, call, avx2, avx512, avx512fp16, neon, neonfp16) KERNEL(F16, slot, avx512fp16)
#define RM_ANY_SLOT(slot, call, avx2, avx512, avx512fp16, neon, neonfp16) COPY(avx512fp16)
#define RM_FLOAT_SLOT(...)
#define RM_CONV_SLOT(...)
#include "slots_float.inc"
};

static const rm_float_table bf16_amx = {
    PACKED_CONV(BF16, bf16, amx)
#define RM_SLOT(slot, call, avx2, avx512, avx512fp16, neon, neonfp16) KERNEL(F16, slot, avx512fp16)
#define RM_ANY_SLOT(slot, call, avx2, avx512, avx512fp16, neon, neonfp16) COPY(avx512fp16)
#define RM_FLOAT_SLOT(...)
#define RM_CONV_SLOT(...)
#include "slots_float.inc"
};

#elif defined(__aarch64__)

static const rm_float_table f32_neon = {
    PACKED_CONV(FLOAT, f32, neon)
#define RM_SLOT(slot, call, avx2, avx512, avx512fp16, neon, neonfp16) KERNEL(F32, slot, neon)
#define RM_ANY_SLOT(slot, call, avx2, avx512, avx512fp16, neon, neonfp16) COPY(neon)
#define RM_CONV_SLOT(...)
#include "slots_float.inc"
};

static const rm_float_table f16_neon = {
    PACKED_CONV(HALF, f16, neon)
#define RM_SLOT(slot, call, avx2, avx512, avx512fp16, neon, neonfp16) KERNEL(F16, slot, neon)
#define RM_ANY_SLOT(slot, call, avx2, avx512, avx512fp16, neon, neonfp16) COPY(neon)
#define RM_FLOAT_SLOT(...)
#define RM_CONV_SLOT(...)
#include "slots_float.inc"
};

static const rm_float_table f16_neonfp16 = {
    PACKED_CONV(HALF, f16, neonfp16)
#define RM_SLOT(slot, call, avx2, avx512, avx512fp16, neon, neonfp16) KERNEL(F16, slot, neonfp16)
#define RM_ANY_SLOT(slot, call, avx2, avx512, avx512fp16, neon, neonfp16) COPY(neonfp16)
#define RM_FLOAT_SLOT(...)
#define RM_CONV_SLOT(...)
#include "slots_float.inc"
};

#endif

const rm_float_table *rm_float_kernels(rm_cpu_level level, rm_numbers numbers) {
  const int is_float = numbers == RM_NUMBERS_FLOAT, rounds = numbers == RM_NUMBERS_BF16;
#if defined(__x86_64__)
  if (level >= RM_CPU_AVX512VNNI && level <= RM_CPU_AMX) {
    if (is_float) return &f32_avx512;
    if (level == RM_CPU_AMX) return rounds ? &bf16_amx : &f16_amx;
    if (rounds && level >= RM_CPU_AVX512BF16) return &bf16_avx512bf16;
    return level >= RM_CPU_AVX512FP16 ? &f16_avx512fp16 : &f16_avx512;
  }
  if (level >= RM_CPU_AVX2 && level < RM_CPU_AVX512VNNI) return is_float ? &f32_avx2 : &f16_avx2;
#elif defined(__aarch64__)
  if (level >= RM_CPU_NEON) {
    if (is_float) return &f32_neon;
    return level >= RM_CPU_NEONFP16 ? &f16_neonfp16 : &f16_neon;
  }
#endif
  (void)level, (void)rounds;
  return is_float ? &f32_scalar : &f16_scalar;
}

void rm_float_slots(const rm_float_table *table, rm_kernel_slot *slots) {
  size_t count = 0;
#define RM_SLOT(name, ...) \
  slots[count++] = (rm_kernel_slot){#name, (void (*)(void))table->name.function, &table->name.id};
#include "slots_float.inc"
}

const rm_kernel_id *rm_float_kernel_id(const rm_float_table *table, const char *slot) {
  rm_kernel_slot slots[RM_FLOAT_SLOTS];
  rm_float_slots(table, slots);
  for (size_t i = 0; i < RM_FLOAT_SLOTS; i++)
    if (!strcmp(slots[i].slot, slot) && slots[i].function) return slots[i].id;
  return NULL;
}
