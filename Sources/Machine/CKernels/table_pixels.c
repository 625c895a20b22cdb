// SPDX-License-Identifier: Apache-2.0
#include "pixels.h"

// A table follows from the list of slots and names the column that it takes.
#define KERNEL(slot, isa) RM_KERNEL(QUANTIZED, pixels, slot, isa)

static const rm_pixels_table scalar_table = {
#define RM_SLOT(slot, parameters, avx2, avx512, neon) .slot = KERNEL(slot, scalar),
#include "slots_pixels.inc"
};

#if defined(__x86_64__)
static const rm_pixels_table avx2_table = {
#define RM_SLOT(slot, parameters, avx2, avx512, neon) .slot = KERNEL(slot, avx2),
#include "slots_pixels.inc"
};

static const rm_pixels_table avx512_table = {
#define RM_SLOT(slot, parameters, avx2, avx512, neon) .slot = KERNEL(slot, avx512),
#include "slots_pixels.inc"
};

#elif defined(__aarch64__)
static const rm_pixels_table neon_table = {
#define RM_SLOT(slot, parameters, avx2, avx512, neon) .slot = KERNEL(slot, neon),
#include "slots_pixels.inc"
};

#endif

const rm_pixels_table *rm_pixels_kernels(rm_cpu_level level) {
#if defined(__x86_64__)
  if (level >= RM_CPU_AVX512VNNI) return &avx512_table;
  if (level >= RM_CPU_AVX2) return &avx2_table;
#elif defined(__aarch64__)
  if (level >= RM_CPU_NEON) return &neon_table;
#endif
  (void)level;
  return &scalar_table;
}

void rm_pixels_slots(const rm_pixels_table *table, rm_kernel_slot *slots) {
  size_t count = 0;
#define RM_SLOT(name, ...) \
  slots[count++] = (rm_kernel_slot){#name, (void (*)(void))table->name.function, &table->name.id};
#include "slots_pixels.inc"
}
