// SPDX-License-Identifier: Apache-2.0
#include "rm_cpu.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { ARCH_REQ_XCOMP_PERM = 0x1023, XFEATURE_XTILEDATA = 18 };

static uint64_t enabled_state(void) {
  uint32_t low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (uint64_t)high << 32 | low;
}

static rm_cpu_level detect(void) {
  uint32_t a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return RM_CPU_SCALAR;
  const int fma = c >> 12 & 1, f16c = c >> 29 & 1, osxsave = c >> 27 & 1;
  if (!osxsave) return RM_CPU_SCALAR;
  const uint64_t state = enabled_state();
  uint32_t a7, b7, c7, d7, a71 = 0, b71, c71, d71;
  if (!__get_cpuid_count(7, 0, &a7, &b7, &c7, &d7)) return RM_CPU_SCALAR;
  if (a7 >= 1) __get_cpuid_count(7, 1, &a71, &b71, &c71, &d71);

  const int ymm = (state & 0x6) == 0x6;
  if (!(ymm && fma && f16c && (b7 >> 5 & 1))) return RM_CPU_SCALAR;

  const int zmm = (state & 0xe6) == 0xe6;
  const int avx512 = (b7 >> 16 & 1) && (b7 >> 17 & 1) && (b7 >> 30 & 1) && (b7 >> 31 & 1) && (c7 >> 11 & 1);
  if (!zmm || !avx512) return a71 >> 4 & 1 ? RM_CPU_AVXVNNI : RM_CPU_AVX2;
  if (!(a71 >> 5 & 1)) return RM_CPU_AVX512VNNI;
  if (!(d7 >> 23 & 1)) return RM_CPU_AVX512BF16;
  const int tiles = (d7 >> 22 & 1) && (d7 >> 24 & 1) && (d7 >> 25 & 1) && (state & 0x60000) == 0x60000;
  const int vbmi = c7 >> 1 & 1;
  if (!tiles || !vbmi) return RM_CPU_AVX512FP16;
  return syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) ? RM_CPU_AVX512FP16 : RM_CPU_AMX;
}

// The AVX-VNNI bit alone, since an AVX-512 machine may lack the VEX encoding.
static int has_avxvnni(void) {
  uint32_t a, b, c, d;
  return __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a >> 4 & 1);
}

#elif defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>

#ifndef HWCAP2_I8MM
#define HWCAP2_I8MM (1 << 13)
#endif

static rm_cpu_level detect(void) {
  const unsigned long have = getauxval(AT_HWCAP);
  if (!(have & HWCAP_ASIMDHP)) return RM_CPU_NEON;
  if (!(have & HWCAP_ASIMDDP)) return RM_CPU_NEONFP16;
  return getauxval(AT_HWCAP2) & HWCAP2_I8MM ? RM_CPU_I8MM : RM_CPU_NEONDOT;
}

#else

static rm_cpu_level detect(void) { return RM_CPU_SCALAR; }

#endif

const rm_cpu_level_name rm_cpu_levels[] = {
    {RM_CPU_SCALAR, "scalar"},         {RM_CPU_AVX2, "avx2"},
    {RM_CPU_AVXVNNI, "avxvnni"},       {RM_CPU_AVX512VNNI, "avx512vnni"},
    {RM_CPU_AVX512BF16, "avx512bf16"}, {RM_CPU_AVX512FP16, "avx512fp16"},
    {RM_CPU_AMX, "amx"},               {RM_CPU_NEON, "neon"},
    {RM_CPU_NEONFP16, "neonfp16"},     {RM_CPU_NEONDOT, "neondot"},
    {RM_CPU_I8MM, "i8mm"},
};
const size_t rm_cpu_level_count = sizeof rm_cpu_levels / sizeof *rm_cpu_levels;

static int is_native(rm_cpu_level level) {
#if defined(__aarch64__)
  return level == RM_CPU_SCALAR || level >= RM_CPU_NEON;
#elif defined(__x86_64__)
  return level < RM_CPU_NEON;
#else
  return level == RM_CPU_SCALAR;
#endif
}

// The level that ROADMASK_CPU names, `otherwise` where it names none.
static rm_cpu_level limit(rm_cpu_level otherwise, const char **unknown) {
  *unknown = NULL;
  const char *text = getenv("ROADMASK_CPU");
  if (!text || !*text) return otherwise;
  for (size_t i = 0; i < rm_cpu_level_count; i++)
    if (!strcmp(text, rm_cpu_levels[i].name) && is_native(rm_cpu_levels[i].level)) return rm_cpu_levels[i].level;
  *unknown = text;
  return otherwise;
}

const char *rm_cpu_unknown_limit(void) {
  const char *unknown;
  limit(RM_CPU_SCALAR, &unknown);
  return unknown;
}

rm_cpu_level rm_cpu_detect(void) {
  static _Atomic int known = -1;
  int level = atomic_load_explicit(&known, memory_order_relaxed);
  if (level < 0) {
    const char *unknown;
    level = detect();
    const int most = limit((rm_cpu_level)level, &unknown);
    if (most < level) level = most;
#if defined(__x86_64__)
    if (level == RM_CPU_AVXVNNI && !has_avxvnni()) level = RM_CPU_AVX2;
#endif
    atomic_store_explicit(&known, level, memory_order_relaxed);
  }
  return (rm_cpu_level)level;
}

int rm_cpu_usable(rm_cpu_level level) {
  if (!is_native(level) || level > rm_cpu_detect()) return 0;
#if defined(__x86_64__)
  if (level == RM_CPU_AVXVNNI && !has_avxvnni()) return 0;
#endif
  return 1;
}

const char *rm_cpu_name(void) {
  static char name[128];
  static _Atomic int state;
  if (atomic_load(&state) == 2) return name;
  char found[128] = "unknown", line[256];
  FILE *file = fopen("/proc/cpuinfo", "r");
  while (file && fgets(line, sizeof line, file)) {
    const char *colon = strchr(line, ':');
    if (colon && !strncmp(line, "model name", 10)) {
      snprintf(found, sizeof found, "%s", colon + 2);
      found[strcspn(found, "\n")] = 0;
      break;
    }
  }
  if (file) fclose(file);
  int empty = 0;
  if (atomic_compare_exchange_strong(&state, &empty, 1)) {
    memcpy(name, found, sizeof name);
    atomic_store(&state, 2);
  }
  while (atomic_load(&state) != 2) {
  }
  return name;
}
