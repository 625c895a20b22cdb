// SPDX-License-Identifier: Apache-2.0
// Which bundle of instructions kernels may use.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Usable bundles. On one architecture a higher level contains the lower ones, and a level says everything: kernels
// use no instruction that is not in the level that was asked for. A machine that lacks a part of a bundle has the
// highest level below it that it has whole.
typedef enum {
  RM_CPU_SCALAR = 0,
  // x86
  RM_CPU_AVX2,        // AVX2, FMA, F16C
  RM_CPU_AVXVNNI,     // and VEX-encoded vpdpbusd
  RM_CPU_AVX512VNNI,  // AVX-512 F, BW, DQ, VL, VNNI; AVX-VNNI need not be there
  RM_CPU_AVX512BF16,  // and products of bf16
  RM_CPU_AVX512FP16,  // and arithmetic on halves
  RM_CPU_AMX,         // and VBMI, and AMX int8 and bf16 tiles, granted by the operating system
  // arm64
  RM_CPU_NEON = 16,
  RM_CPU_NEONFP16,  // and arithmetic on halves
  RM_CPU_NEONDOT,   // and sdot/udot
  RM_CPU_I8MM,      // and smmla/usmmla
} rm_cpu_level;

// Levels by name, those of all architectures, lower ones first.
typedef struct {
  rm_cpu_level level;
  const char *name;
} rm_cpu_level_name;
extern const rm_cpu_level_name rm_cpu_levels[];
extern const size_t rm_cpu_level_count;

// The highest level that kernels may use: what this machine has, or less where the environment variable
// ROADMASK_CPU names a lower level. It never raises one. Asks the kernel for AMX the first time. Thread-safe.
rm_cpu_level rm_cpu_detect(void);

// What ROADMASK_CPU says where that is no level of this architecture; NULL where it is one, or is not set.
const char *rm_cpu_unknown_limit(void);

// 1 where `level` belongs to this architecture and is not above what `rm_cpu_detect` gives.
int rm_cpu_usable(rm_cpu_level level);

// The CPU's name as the system reports it; "unknown" where it does not. Static storage.
const char *rm_cpu_name(void);

#ifdef __cplusplus
}
#endif
