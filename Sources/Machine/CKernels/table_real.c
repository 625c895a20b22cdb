// SPDX-License-Identifier: Apache-2.0
#include "reference/real_tables.h"

const rm_real_table *rm_real_kernels(rm_cpu_level level, rm_real_storage storage) {
  const int half = storage != RM_REAL_FLOAT, native = half && storage != RM_REAL_HALF_WIDE;
#if defined(__x86_64__)
  if (level >= RM_CPU_AVX512VNNI && level <= RM_CPU_AMX) {
    if (native && level == RM_CPU_AMX && rm_cpu_computes_halves())
      return storage == RM_REAL_HALF ? &rm_f16_table__amx : &rm_f16_table__amxbf16;
    if (storage == RM_REAL_HALF_BF16 && rm_cpu_multiplies_bf16()) return &rm_f16_table__avx512bf16;
    if (native && rm_cpu_computes_halves()) return &rm_f16_table__avx512fp16;
    return half ? &rm_f16_table__avx512 : &rm_f32_table__avx512;
  }
  if (level >= RM_CPU_AVX2 && level < RM_CPU_AVX512VNNI) return half ? &rm_f16_table__avx2 : &rm_f32_table__avx2;
#elif defined(__aarch64__)
  if (level >= RM_CPU_NEON) {
    if (native && rm_cpu_computes_halves()) return &rm_f16_table__neonfp16;
    return half ? &rm_f16_table__neon : &rm_f32_table__neon;
  }
#endif
  (void)level, (void)native;
  return half ? &rm_f16_table__scalar : &rm_f32_table__scalar;
}
