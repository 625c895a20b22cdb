// SPDX-License-Identifier: Apache-2.0
#include "int8.h"

// A table follows from the list of slots and names the column that it takes.
#define KERNEL(slot, isa) RM_KERNEL(QUANTIZED, int8, slot, isa)
#define PACKING(slot, isa) \
  .slot##_packed_bytes = rm_int8_##slot##_packed_bytes__##isa, .slot##_pack = rm_int8_##slot##_pack__##isa,

static const rm_int8_kernels scalar_table = {
#define RM_SLOT(slot, call, avx2, avxvnni, avx512vnni, amx, neon, neondot, i8mm) .slot = KERNEL(slot, scalar),
#define RM_PACKING(slot, avx2, avxvnni, avx512vnni, amx, neon, neondot, i8mm) PACKING(slot, scalar)
#include "slots_int8.inc"
};

#if defined(__x86_64__)
static const rm_int8_kernels avx2_table = {
#define RM_SLOT(slot, call, avx2, avxvnni, avx512vnni, amx, neon, neondot, i8mm) .slot = KERNEL(slot, avx2),
#define RM_PACKING(slot, avx2, avxvnni, avx512vnni, amx, neon, neondot, i8mm) PACKING(slot, avx2)
#include "slots_int8.inc"
};

static const rm_int8_kernels avxvnni_table = {
#define RM_SLOT(slot, call, avx2, avxvnni, avx512vnni, amx, neon, neondot, i8mm) .slot = KERNEL(slot, avxvnni),
#define RM_PACKING(slot, avx2, avxvnni, avx512vnni, amx, neon, neondot, i8mm) PACKING(slot, avxvnni)
#include "slots_int8.inc"
};

static const rm_int8_kernels avx512vnni_table = {
#define RM_SLOT(slot, call, avx2, avxvnni, avx512vnni, amx, neon, neondot, i8mm) .slot = KERNEL(slot, avx512vnni),
#define RM_PACKING(slot, avx2, avxvnni, avx512vnni, amx, neon, neondot, i8mm) PACKING(slot, avx512vnni)
#include "slots_int8.inc"
};

static const rm_int8_kernels amx_table = {
#define RM_SLOT(slot, call, avx2, avxvnni, avx512vnni, amx, neon, neondot, i8mm) .slot = KERNEL(slot, amx),
#define RM_PACKING(slot, avx2, avxvnni, avx512vnni, amx, neon, neondot, i8mm) PACKING(slot, amx)
#include "slots_int8.inc"
};

#elif defined(__aarch64__)
static const rm_int8_kernels neon_table = {
#define RM_SLOT(slot, call, avx2, avxvnni, avx512vnni, amx, neon, neondot, i8mm) .slot = KERNEL(slot, neon),
#define RM_PACKING(slot, avx2, avxvnni, avx512vnni, amx, neon, neondot, i8mm) PACKING(slot, neon)
#include "slots_int8.inc"
};

static const rm_int8_kernels neondot_table = {
#define RM_SLOT(slot, call, avx2, avxvnni, avx512vnni, amx, neon, neondot, i8mm) .slot = KERNEL(slot, neondot),
#define RM_PACKING(slot, avx2, avxvnni, avx512vnni, amx, neon, neondot, i8mm) PACKING(slot, neondot)
#include "slots_int8.inc"
};

static const rm_int8_kernels i8mm_table = {
#define RM_SLOT(slot, call, avx2, avxvnni, avx512vnni, amx, neon, neondot, i8mm) .slot = KERNEL(slot, i8mm),
#define RM_PACKING(slot, avx2, avxvnni, avx512vnni, amx, neon, neondot, i8mm) PACKING(slot, i8mm)
#include "slots_int8.inc"
};

#endif

const rm_int8_kernels *rm_int8_table(rm_cpu_level level) {
#if defined(__x86_64__)
  if (level == RM_CPU_AMX) return &amx_table;
  if (level >= RM_CPU_AVX512VNNI) return &avx512vnni_table;
  if (level == RM_CPU_AVXVNNI) return &avxvnni_table;
  if (level == RM_CPU_AVX2) return &avx2_table;
#elif defined(__aarch64__)
  if (level == RM_CPU_I8MM) return &i8mm_table;
  if (level == RM_CPU_NEONDOT) return &neondot_table;
  if (level >= RM_CPU_NEON) return &neon_table;
#endif
  (void)level;
  return &scalar_table;
}

void rm_int8_slots(const rm_int8_kernels *table, rm_kernel_slot *slots) {
  size_t count = 0;
#define RM_SLOT(name, ...) \
  slots[count++] = (rm_kernel_slot){#name, (void (*)(void))table->name.function, &table->name.id};
#include "slots_int8.inc"
}

const rm_kernel_id *rm_int8_kernel_id(const rm_int8_kernels *table, const char *slot) {
#define RM_SLOT(name, ...) \
  if (!strcmp(slot, #name)) return &table->name.id;
#include "slots_int8.inc"
  return NULL;
}

rm_int8_choice rm_int8_conv_choice(rm_cpu_level level, const rm_int8_conv_shape *shape, int32_t depthwise) {
#if defined(__x86_64__)
  if (level == RM_CPU_AMX && depthwise) return (rm_int8_choice){&amx_table.dwconv.id, "no tiles for depthwise"};
  if (level == RM_CPU_AMX) {
    const char *why_not = rm_int8_conv_refusal__amx(shape);
    return (rm_int8_choice){why_not ? &avx512vnni_table.conv.id : &amx_table.conv.id, why_not};
  }
#endif
  (void)shape;
  const rm_int8_kernels *table = rm_int8_table(level);
  return (rm_int8_choice){depthwise ? &table->dwconv.id : &table->conv.id, NULL};
}
