// SPDX-License-Identifier: Apache-2.0
#if defined(__x86_64__)
#define ISA __attribute__((target("avx2,fma,avxvnni")))
#define WEIGHT_VECTORS 1
#include <immintrin.h>
#include <stdint.h>

static inline __attribute__((always_inline)) ISA __m256i v_dot(__m256i sum, __m256i x, const uint8_t *w) {
  return _mm256_dpbusd_avx_epi32(sum, x, _mm256_loadu_si256((const __m256i *)w));
}

#define KERNEL(x) x##__avxvnni
#define CENTRED 0
#include "int8_dwconv_ymm.h"
#include "../vector/int8_dwconv_blocks.h"
#endif
