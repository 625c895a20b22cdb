// SPDX-License-Identifier: Apache-2.0
// Without a dot-product instruction: pmaddubsw would saturate (255 * 127 * 2 > 32767), so both factors are s16 and
// pmaddwd sums pairs exactly. A pixel's four bytes split into the even and the odd pair by a mask and a shift;
// weights are packed as s16 pairs in that order.
#if defined(__x86_64__)
#define ISA __attribute__((target("avx2,fma")))
#define WEIGHT_VECTORS 2
#include <immintrin.h>
#include <stdint.h>

typedef struct {
  __m256i even, odd;
} pixel;

static inline __attribute__((always_inline)) ISA pixel spread(int32_t four) {
  const __m256i all = _mm256_set1_epi32(four);
  return (pixel){_mm256_and_si256(all, _mm256_set1_epi16(0xff)), _mm256_srli_epi16(all, 8)};
}

static inline __attribute__((always_inline)) ISA __m256i dot(__m256i sum, pixel x, const __m256i *w) {
  sum = _mm256_add_epi32(sum, _mm256_madd_epi16(x.even, _mm256_loadu_si256(w)));
  return _mm256_add_epi32(sum, _mm256_madd_epi16(x.odd, _mm256_loadu_si256(w + 1)));
}

#include "int8_conv_ymm.h"

size_t rm_int8_conv_packed_bytes__avx2(const rm_int8_conv_shape *shape) {
  return rm_int8_tiles_packed_bytes(&tiles, shape);
}

void rm_int8_conv_pack__avx2(const rm_int8_conv_shape *shape, const rm_int8_conv_weights *from, void *packed) {
  rm_int8_tiles_pack(&tiles, shape, from, packed);
}

void rm_int8_conv__avx2(const rm_int8_conv_call *call, int32_t row_begin, int32_t row_end) {
  rm_int8_tiles_run(&tiles, call, row_begin, row_end);
}
#endif
