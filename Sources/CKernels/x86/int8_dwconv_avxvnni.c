// SPDX-License-Identifier: Apache-2.0
#if defined(__x86_64__)
#define ISA __attribute__((target("avx2,fma,avxvnni")))
#define WEIGHT_VECTORS 1
#include <immintrin.h>
#include <stdint.h>

static inline __attribute__((always_inline)) ISA __m256i v_dot(__m256i sum, __m256i x, const uint8_t *w) {
  return _mm256_dpbusd_avx_epi32(sum, x, _mm256_loadu_si256((const __m256i *)w));
}

#include "int8_dwconv_ymm.h"

size_t rm_int8_dwconv_packed_bytes__avxvnni(const rm_int8_conv_shape *s) {
  return (size_t)((s->out_channels + 31) / 32) * block_bytes32(s) + RM_INT8_OVERREAD;
}

void rm_int8_dwconv_pack__avxvnni(const rm_int8_conv_shape *s, const rm_int8_conv_weights *from, void *packed) {
  uint8_t *at = packed;
  for (int32_t first = 0; first < s->out_channels; first += 32, at += block_bytes32(s)) pack_block32(s, from, first, at);
}

void rm_int8_dwconv__avxvnni(const rm_int8_conv_call *call, ptrdiff_t row_begin, ptrdiff_t row_end) {
  const rm_int8_conv_shape *s = &call->shape;
  void (*const run)(const rm_int8_conv_call *, int32_t, int32_t, int32_t, const uint8_t *) = row_kernel32(s);
  for (int32_t row = (int32_t)row_begin; row < row_end; row++) {
    const uint8_t *at = call->packed;
    for (int32_t first = 0; first < s->out_channels; first += 32, at += block_bytes32(s))
      run(call, row, first, s->out_channels - first, at);
  }
}
#endif
