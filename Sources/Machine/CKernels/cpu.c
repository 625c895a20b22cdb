// SPDX-License-Identifier: Apache-2.0
#include "rm_cpu.h"

#include <stdatomic.h>
#include <stdio.h>
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
  if (zmm && avx512) {
    const int tiles = (d7 >> 22 & 1) && (d7 >> 24 & 1) && (d7 >> 25 & 1) && (state & 0x60000) == 0x60000;
    const int vbmi = c7 >> 1 & 1;
    if (tiles && vbmi && syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) == 0) return RM_CPU_AMX;
    return RM_CPU_AVX512VNNI;
  }
  return a71 >> 4 & 1 ? RM_CPU_AVXVNNI : RM_CPU_AVX2;
}

// The AVX-VNNI bit alone, since an AVX-512 machine may lack the VEX encoding.
static int has_avxvnni(void) {
  uint32_t a, b, c, d;
  return __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a >> 4 & 1);
}

// AVX512-FP16, where the system saves its registers.
static int has_halves(void) {
  uint32_t a, b, c, d;
  return rm_cpu_detect() >= RM_CPU_AVX512VNNI && __get_cpuid_count(7, 0, &a, &b, &c, &d) && (d >> 23 & 1);
}

static int has_bf16(void) {
  uint32_t a, b, c, d;
  return rm_cpu_detect() >= RM_CPU_AVX512VNNI && __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a >> 5 & 1);
}

#elif defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>

#ifndef HWCAP2_I8MM
#define HWCAP2_I8MM (1 << 13)
#endif

static rm_cpu_level detect(void) {
  if (getauxval(AT_HWCAP2) & HWCAP2_I8MM) return RM_CPU_I8MM;
  if (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) return RM_CPU_NEONDOT;
  return RM_CPU_NEON;
}

static int has_halves(void) { return (getauxval(AT_HWCAP) & HWCAP_ASIMDHP) != 0; }
static int has_bf16(void) { return 0; }

#else

static rm_cpu_level detect(void) { return RM_CPU_SCALAR; }
static int has_halves(void) { return 0; }
static int has_bf16(void) { return 0; }

#endif

rm_cpu_level rm_cpu_detect(void) {
  static _Atomic int known = -1;
  int level = atomic_load_explicit(&known, memory_order_relaxed);
  if (level < 0) {
    level = detect();
    atomic_store_explicit(&known, level, memory_order_relaxed);
  }
  return (rm_cpu_level)level;
}

int rm_cpu_usable(rm_cpu_level level) {
  const rm_cpu_level best = rm_cpu_detect();
  if (level == RM_CPU_SCALAR) return 1;
  if ((level >= RM_CPU_NEON) != (best >= RM_CPU_NEON)) return 0;
#if defined(__x86_64__)
  if (level == RM_CPU_AVXVNNI && !has_avxvnni()) return 0;
#endif
  return level <= best;
}

// Asks once.
static int known(_Atomic int *answer, int (*ask)(void)) {
  int value = atomic_load_explicit(answer, memory_order_relaxed);
  if (value < 0) {
    value = ask();
    atomic_store_explicit(answer, value, memory_order_relaxed);
  }
  return value;
}

int rm_cpu_computes_halves(void) {
  static _Atomic int answer = -1;
  return known(&answer, has_halves);
}

int rm_cpu_multiplies_bf16(void) {
  static _Atomic int answer = -1;
  return known(&answer, has_bf16);
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
