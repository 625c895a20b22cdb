// SPDX-License-Identifier: Apache-2.0
#include "macros.h"
#include "rm_peak.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

// Twelve independent chains of one instruction.
enum { TURNS = 20000, CHAINS = 12, TRIES = 8 };

#if defined(__x86_64__)
#include <immintrin.h>

#include "x86/amx.h"

__attribute__((target("avx2"))) static void loop_avx2(void) {
  __m256i sum[CHAINS];
  for (int i = 0; i < CHAINS; i++) sum[i] = _mm256_setzero_si256();
  __m256i x = _mm256_set1_epi16(3), w = _mm256_set1_epi16(5);
  for (int turn = 0; turn < TURNS; turn++) {
    __asm__ volatile("" : "+x"(x), "+x"(w));
UNROLL
    for (int i = 0; i < CHAINS; i++) {
      __m256i pair;
      __asm__ volatile("vpmaddwd %2, %1, %0" : "=x"(pair) : "x"(x), "x"(w));
      sum[i] = _mm256_add_epi32(sum[i], pair);
    }
  }
  for (int i = 0; i < CHAINS; i++) __asm__ volatile("" ::"x"(sum[i]));
}

__attribute__((target("avxvnni,avx2"))) static void loop_avxvnni(void) {
  __m256i sum[CHAINS];
  for (int i = 0; i < CHAINS; i++) sum[i] = _mm256_setzero_si256();
  __m256i x = _mm256_set1_epi8(3), w = _mm256_set1_epi8(5);
  for (int turn = 0; turn < TURNS; turn++) {
    __asm__ volatile("" : "+x"(x), "+x"(w));
UNROLL
    for (int i = 0; i < CHAINS; i++) sum[i] = _mm256_dpbusd_avx_epi32(sum[i], x, w);
  }
  for (int i = 0; i < CHAINS; i++) __asm__ volatile("" ::"x"(sum[i]));
}

__attribute__((target("avx512f,avx512vnni"))) static void loop_avx512vnni(void) {
  __m512i sum[CHAINS];
  for (int i = 0; i < CHAINS; i++) sum[i] = _mm512_setzero_si512();
  __m512i x = _mm512_set1_epi32(3), w = _mm512_set1_epi32(5);
  for (int turn = 0; turn < TURNS; turn++) {
    __asm__ volatile("" : "+v"(x), "+v"(w));
UNROLL
    for (int i = 0; i < CHAINS; i++) sum[i] = _mm512_dpbusd_epi32(sum[i], x, w);
  }
  for (int i = 0; i < CHAINS; i++) __asm__ volatile("" ::"v"(sum[i]));
}

// Four tiles of sums, as kernels have them; a product takes all its operands from tiles.
__attribute__((target("amx-tile,amx-int8"))) static void loop_amx(void) {
  rm_amx_tiles tiles = {.palette = 1};
  for (int i = 0; i < 8; i++) tiles.rows[i] = 16, tiles.bytes[i] = 64;
  rm_amx_configure(&tiles);
  for (int turn = 0; turn < TURNS / 4; turn++) {
    _tile_dpbusd(0, 4, 6);
    _tile_dpbusd(1, 4, 7);
    _tile_dpbusd(2, 5, 6);
    _tile_dpbusd(3, 5, 7);
  }
  _tile_release();
}

__attribute__((target("avx2,fma"))) static void loop_fma256(void) {
  __m256 sum[CHAINS];
  for (int i = 0; i < CHAINS; i++) sum[i] = _mm256_setzero_ps();
  __m256 x = _mm256_set1_ps(0.5f), w = _mm256_set1_ps(0.25f);
  for (int turn = 0; turn < TURNS; turn++) {
    __asm__ volatile("" : "+x"(x), "+x"(w));
UNROLL
    for (int i = 0; i < CHAINS; i++) sum[i] = _mm256_fmadd_ps(x, w, sum[i]);
  }
  for (int i = 0; i < CHAINS; i++) __asm__ volatile("" ::"x"(sum[i]));
}

__attribute__((target("avx512f"))) static void loop_fma512(void) {
  __m512 sum[CHAINS];
  for (int i = 0; i < CHAINS; i++) sum[i] = _mm512_setzero_ps();
  __m512 x = _mm512_set1_ps(0.5f), w = _mm512_set1_ps(0.25f);
  for (int turn = 0; turn < TURNS; turn++) {
    __asm__ volatile("" : "+v"(x), "+v"(w));
UNROLL
    for (int i = 0; i < CHAINS; i++) sum[i] = _mm512_fmadd_ps(x, w, sum[i]);
  }
  for (int i = 0; i < CHAINS; i++) __asm__ volatile("" ::"v"(sum[i]));
}

__attribute__((target("avx512fp16"))) static void loop_fma_halves(void) {
  __m512h sum[CHAINS];
  for (int i = 0; i < CHAINS; i++) sum[i] = _mm512_setzero_ph();
  __m512h x = _mm512_set1_ph(0.5f16), w = _mm512_set1_ph(0.25f16);
  for (int turn = 0; turn < TURNS; turn++) {
    __asm__ volatile("" : "+v"(x), "+v"(w));
UNROLL
    for (int i = 0; i < CHAINS; i++) sum[i] = _mm512_fmadd_ph(x, w, sum[i]);
  }
  for (int i = 0; i < CHAINS; i++) __asm__ volatile("" ::"v"(sum[i]));
}

__attribute__((target("amx-tile,amx-bf16"))) static void loop_bf16_tiles(void) {
  rm_amx_tiles tiles = {.palette = 1};
  for (int i = 0; i < 8; i++) {
    tiles.rows[i] = RM_AMX_ROWS;
    tiles.bytes[i] = RM_AMX_ROW_BYTES;
  }
  rm_amx_configure(&tiles);
  for (int turn = 0; turn < TURNS; turn++) {
UNROLL
    for (int i = 0; i < CHAINS; i += 4) {
      _tile_dpbf16ps(0, 4, 6);
      _tile_dpbf16ps(1, 4, 7);
      _tile_dpbf16ps(2, 5, 6);
      _tile_dpbf16ps(3, 5, 7);
    }
  }
  _tile_release();
}

// Multiply-adds a second of a loop that does `count` of them.
static double rate(void (*loop)(void), double count) {
  double best = 1e9;
  loop();
  for (int i = 0; i < TRIES; i++) {
    const double start = now();
    loop();
    const double took = now() - start;
    if (took < best) best = took;
  }
  return count / best;
}

double rm_peak_macs(rm_cpu_level level) {
  const double chains = (double)CHAINS * TURNS;
  if (level == RM_CPU_AVX2) return rate(loop_avx2, 16 * chains);
  if (level == RM_CPU_AVXVNNI) return rate(loop_avxvnni, 32 * chains);
  if (level >= RM_CPU_AVX512VNNI && level < RM_CPU_AMX) return rate(loop_avx512vnni, 64 * chains);
  if (level == RM_CPU_AMX) return rate(loop_amx, 16.0 * 64 * 16 * TURNS);
  return 0;
}

double rm_peak_f32_macs(rm_cpu_level level) {
  const double chains = (double)CHAINS * TURNS;
  if (level == RM_CPU_AVX2 || level == RM_CPU_AVXVNNI) return rate(loop_fma256, 8 * chains);
  if (level >= RM_CPU_AVX512VNNI && level <= RM_CPU_AMX) return rate(loop_fma512, 16 * chains);
  return 0;
}

double rm_peak_f16_macs(rm_cpu_level level) {
  return level == RM_CPU_AVX512FP16 || level == RM_CPU_AMX ? rate(loop_fma_halves, 32.0 * CHAINS * TURNS) : 0;
}

double rm_peak_bf16_macs(rm_cpu_level level) {
  return level == RM_CPU_AMX ? rate(loop_bf16_tiles, 16.0 * 16 * 32 * CHAINS * TURNS) : 0;
}
#else
double rm_peak_macs(rm_cpu_level level) { return level < 0; }
double rm_peak_f32_macs(rm_cpu_level level) { return level < 0; }
double rm_peak_f16_macs(rm_cpu_level level) { return level < 0; }
double rm_peak_bf16_macs(rm_cpu_level level) { return level < 0; }
#endif

double rm_peak_bytes(size_t size) {
  char *from = malloc(size), *to = malloc(size);
  double rate = 0;
  if (from && to) {
    memset(from, 1, size);
    memset(to, 2, size);
    const double start = now();
    do {
      const double before = now();
      memcpy(to, from, size);
      __asm__ volatile("" ::"r"(to) : "memory");
      const double one = 2.0 * (double)size / (now() - before);
      if (one > rate) rate = one;
    } while (now() - start < 0.01);
  }
  free(from);
  free(to);
  return rate;
}
