// SPDX-License-Identifier: Apache-2.0
// Which bundle of instructions kernels may use.
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Usable bundles. On one architecture a higher level contains the lower ones.
typedef enum {
  RM_CPU_SCALAR = 0,
  // x86
  RM_CPU_AVX2 = 1,        // AVX2, FMA, F16C
  RM_CPU_AVXVNNI = 2,     // and VEX-encoded vpdpbusd
  RM_CPU_AVX512VNNI = 3,  // AVX-512 F, BW, DQ, VL, VNNI; AVX-VNNI need not be there
  RM_CPU_AMX = 4,         // and VBMI, and AMX int8 and bf16 tiles, granted by the operating system
  // arm64
  RM_CPU_NEON = 16,
  RM_CPU_NEONDOT = 17,  // and sdot/udot
  RM_CPU_I8MM = 18,     // and smmla/usmmla
} rm_cpu_level;

// The highest level this machine can use. Asks the kernel for AMX the first time. Thread-safe.
rm_cpu_level rm_cpu_detect(void);

// 1 where `level` belongs to this architecture and is not above what `rm_cpu_detect` gives.
int rm_cpu_usable(rm_cpu_level level);

// 1 where this machine computes with halves: AVX512-FP16, or fullfp16. Thread-safe.
int rm_cpu_computes_halves(void);

// 1 where this machine multiplies pairs of bf16: AVX512_BF16. Thread-safe.
int rm_cpu_multiplies_bf16(void);

// The CPU's name as the system reports it; "unknown" where it does not. Static storage.
const char *rm_cpu_name(void);

#ifdef __cplusplus
}
#endif
