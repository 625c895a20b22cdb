// SPDX-License-Identifier: Apache-2.0
// Without a dot-product instruction: pmaddubsw would saturate (255 * 127 * 2 > 32767), so both factors are s16 and
// pmaddwd sums pairs exactly. A pixel's four bytes split into the even and the odd pair by a mask and a shift;
// weights are packed as s16 pairs in that order.
#if defined(__x86_64__)
#define TARGET __attribute__((target("avx2,fma")))
#include "../macros.h"
#define WEIGHT_VECTORS 2
#define MOST_VECTORS 3
#include <immintrin.h>
#include <stdint.h>

typedef struct {
  __m256i even, odd;
} pixel;

INLINE pixel spread(int32_t four) {
  const __m256i all = _mm256_set1_epi32(four);
  return (pixel){_mm256_and_si256(all, _mm256_set1_epi16(0xff)), _mm256_srli_epi16(all, 8)};
}

// Weights are memory operands: no register is left for them, and a compiler left to choose spills accumulators.
INLINE __m256i dot(__m256i sum, pixel x, const __m256i *w) {
  __m256i even, odd;
  __asm__("vpmaddwd %2, %1, %0" : "=x"(even) : "x"(x.even), "m"(w[0]));
  sum = _mm256_add_epi32(sum, even);
  __asm__("vpmaddwd %2, %1, %0" : "=x"(odd) : "x"(x.odd), "m"(w[1]));
  return _mm256_add_epi32(sum, odd);
}

#include "int8_conv_ymm.inc"

typedef __m256i few_vec;

// Even and odd terms apart, as s16.
INLINE few_vec few_dot(few_vec sum, few_vec x, few_vec w) {
  const __m256i even = _mm256_madd_epi16(_mm256_and_si256(x, _mm256_set1_epi16(0xff)),
                                         _mm256_srai_epi16(_mm256_slli_epi16(w, 8), 8));
  const __m256i odd = _mm256_madd_epi16(_mm256_srli_epi16(x, 8), _mm256_srai_epi16(w, 8));
  return _mm256_add_epi32(sum, _mm256_add_epi32(even, odd));
}

#include "int8_few_ymm.inc"
#include "int8_winograd_avx2.h"

size_t rm_int8_conv_packed_bytes__avx2(const rm_int8_conv_shape *shape) {
  return rm_int8_winograd_fits(shape) ? rm_int8_winograd_packed_bytes(shape)
      : rm_int8_tiles_packed_bytes(choose_tiles(&tiles, shape), shape);
}

void rm_int8_conv_pack__avx2(const rm_int8_conv_shape *shape, const rm_int8_conv_weights *from, void *packed) {
  if (rm_int8_winograd_fits(shape))
    rm_int8_winograd_pack(shape, from, packed);
  else
    rm_int8_tiles_pack(choose_tiles(&tiles, shape), shape, from, packed);
}

void rm_int8_conv__avx2(const rm_int8_conv_call *call, ptrdiff_t row_begin, ptrdiff_t row_end) {
  rm_int8_conv_expect(call, row_begin, row_end);
  if (rm_int8_winograd_fits(&call->shape))
    rm_int8_winograd_run(call, row_begin, row_end);
  else
    rm_int8_tiles_run(choose_tiles(&tiles, &call->shape), call, row_begin, row_end);
}
#endif
