// SPDX-License-Identifier: Apache-2.0
#if defined(__x86_64__)
#define TARGET __attribute__((target("avx2,fma,avxvnni")))
#include "../macros.h"
#define WEIGHT_VECTORS 1
#include <immintrin.h>
#include <stdint.h>

INLINE __m256i v_dot(__m256i sum, __m256i x, const uint8_t *w) {
  return _mm256_dpbusd_avx_epi32(sum, x, _mm256_loadu_si256((const __m256i *)w));
}

#define CENTRED 0
#include "int8_dwconv_ymm.inc"
#include "../vector/int8_dwconv_blocks.inc"

RM_DEFINE_KERNEL(rm_int8_dwconv__avxvnni, int8_dwconv, dwconv_kernel)
RM_DEFINE_PACKING(rm_int8_dwconv_packed_bytes__avxvnni, rm_int8_dwconv_pack__avxvnni, dwconv)
#endif
