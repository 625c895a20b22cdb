// SPDX-License-Identifier: Apache-2.0
// The VEX form of vpdpbusd: u8 x s8, four terms a lane, no saturation in between.
#if defined(__x86_64__)
#define TARGET __attribute__((target("avx2,fma,avxvnni")))
#include "../macros.h"
#define WEIGHT_VECTORS 1
#define MOST_VECTORS 2
#include <immintrin.h>
#include <stdint.h>

typedef __m256i pixel;

INLINE pixel spread(int32_t four) { return _mm256_set1_epi32(four); }

INLINE __m256i dot(__m256i sum, pixel x, const __m256i *w) {
  return _mm256_dpbusd_avx_epi32(sum, x, _mm256_loadu_si256(w));
}

#include "int8_conv_ymm.inc"

typedef __m256i few_vec;

INLINE few_vec few_dot(few_vec sum, few_vec x, few_vec w) { return _mm256_dpbusd_avx_epi32(sum, x, w); }

#include "int8_few_ymm.inc"

size_t rm_int8_conv_packed_bytes__avxvnni(const rm_int8_conv_shape *shape) {
  return rm_int8_tiles_packed_bytes(choose_tiles(&tiles, shape), shape);
}

void rm_int8_conv_pack__avxvnni(const rm_int8_conv_shape *shape, const rm_int8_conv_weights *from, void *packed) {
  rm_int8_tiles_pack(choose_tiles(&tiles, shape), shape, from, packed);
}

void rm_int8_conv__avxvnni(const rm_int8_conv_call *call, ptrdiff_t row_begin, ptrdiff_t row_end) {
  rm_int8_conv_expect(call, row_begin, row_end);
  rm_int8_tiles_run(choose_tiles(&tiles, &call->shape), call, row_begin, row_end);
}
#endif
