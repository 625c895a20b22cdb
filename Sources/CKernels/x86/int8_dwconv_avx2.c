// SPDX-License-Identifier: Apache-2.0
#if defined(__x86_64__)
#define ISA __attribute__((target("avx2,fma")))
#define WEIGHT_VECTORS 2
#include <immintrin.h>
#include <stdint.h>

// Even and odd rows of a group apart, as s16 pairs: exact where pmaddubsw would saturate.
static inline __attribute__((always_inline)) ISA __m256i v_dot(__m256i sum, __m256i x, const uint8_t *w) {
  const __m256i *pairs = (const __m256i *)w;
  const __m256i even = _mm256_and_si256(x, _mm256_set1_epi16(0xff)), odd = _mm256_srli_epi16(x, 8);
  sum = _mm256_add_epi32(sum, _mm256_madd_epi16(even, _mm256_loadu_si256(pairs)));
  return _mm256_add_epi32(sum, _mm256_madd_epi16(odd, _mm256_loadu_si256(pairs + 1)));
}

#include "int8_dwconv_ymm.h"

size_t rm_int8_dwconv_packed_bytes__avx2(const rm_int8_conv_shape *s) {
  return (size_t)((s->out_channels + 31) / 32) * block_bytes32(s) + RM_INT8_OVERREAD;
}

void rm_int8_dwconv_pack__avx2(const rm_int8_conv_shape *s, const rm_int8_conv_weights *from, void *packed) {
  uint8_t *at = packed;
  for (int32_t first = 0; first < s->out_channels; first += 32, at += block_bytes32(s)) pack_block32(s, from, first, at);
}

void rm_int8_dwconv__avx2(const rm_int8_conv_call *call, ptrdiff_t row_begin, ptrdiff_t row_end) {
  const rm_int8_conv_shape *s = &call->shape;
  void (*const run)(const rm_int8_conv_call *, int32_t, int32_t, int32_t, const uint8_t *) = row_kernel32(s);
  for (int32_t row = (int32_t)row_begin; row < row_end; row++) {
    const uint8_t *at = call->packed;
    for (int32_t first = 0; first < s->out_channels; first += 32, at += block_bytes32(s))
      run(call, row, first, s->out_channels - first, at);
  }
}
#endif
