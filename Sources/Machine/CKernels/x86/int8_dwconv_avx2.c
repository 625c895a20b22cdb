// SPDX-License-Identifier: Apache-2.0
#if defined(__x86_64__)
#define TARGET __attribute__((target("avx2,fma")))
#include "../macros.h"
#define WEIGHT_VECTORS 2
#include <immintrin.h>
#include <stdint.h>

// Even and odd rows of a group apart, as s16 pairs: exact where pmaddubsw would saturate.
INLINE __m256i v_dot(__m256i sum, __m256i x, const uint8_t *w) {
  const __m256i *pairs = (const __m256i *)w;
  const __m256i even = _mm256_and_si256(x, _mm256_set1_epi16(0xff)), odd = _mm256_srli_epi16(x, 8);
  sum = _mm256_add_epi32(sum, _mm256_madd_epi16(even, _mm256_loadu_si256(pairs)));
  return _mm256_add_epi32(sum, _mm256_madd_epi16(odd, _mm256_loadu_si256(pairs + 1)));
}

#define CENTRED 0
#include "int8_dwconv_ymm.inc"
#include "../vector/int8_dwconv_blocks.inc"

RM_DEFINE_KERNEL(rm_int8_dwconv__avx2, int8_dwconv, dwconv_kernel)
RM_DEFINE_PACKING(rm_int8_dwconv_packed_bytes__avx2, rm_int8_dwconv_pack__avx2, dwconv)
#endif
