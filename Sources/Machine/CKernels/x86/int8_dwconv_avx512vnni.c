// SPDX-License-Identifier: Apache-2.0
// Blocks of 64 channels, and a last one of 32 where no more are left.
#if defined(__x86_64__)
#define TARGET __attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")))
#include "../macros.h"
#define WEIGHT_VECTORS 1

#include "int8_rule_avx512.inc"

INLINE __m256i v_dot(__m256i sum, __m256i x, const uint8_t *w) {
  return _mm256_dpbusd_epi32(sum, x, _mm256_loadu_si256((const __m256i *)w));
}

#include "int8_dwconv_ymm.inc"

#define vec vec64
#define vec_f vec64_f
#define v_rule rule512
#define v_load v_load64
#define v_load_f v_load64_f
#define v_store v_store64
#define v_none v_none64
#define v_low8 v_low8_64
#define v_high8 v_high8_64
#define v_low16 v_low16_64
#define v_high16 v_high16_64
#define v_make_rule v_make_rule64
#define v_requantize requantize512
#define v_dot v_dot64
#define v_put v_put64
#undef BYTES
#undef LOCAL
#define BYTES 64
#define LOCAL(x) x##64

typedef __m512i vec;
typedef __m512 vec_f;
INLINE vec v_load(const uint8_t *at) { return _mm512_loadu_si512(at); }
INLINE vec_f v_load_f(const float *at) { return _mm512_loadu_ps(at); }
INLINE void v_store(uint8_t *at, vec v) { _mm512_storeu_si512(at, v); }
INLINE vec v_none(void) { return _mm512_setzero_si512(); }
INLINE vec v_low8(vec a, vec b) { return _mm512_unpacklo_epi8(a, b); }
INLINE vec v_high8(vec a, vec b) { return _mm512_unpackhi_epi8(a, b); }
INLINE vec v_low16(vec a, vec b) { return _mm512_unpacklo_epi16(a, b); }
INLINE vec v_high16(vec a, vec b) { return _mm512_unpackhi_epi16(a, b); }

INLINE v_rule v_make_rule(int32_t zero, int32_t low, int32_t high, const float multiplier[64]) {
  vec_f m[4];
UNROLL
  for (int v = 0; v < 4; v++) m[v] = _mm512_loadu_ps(multiplier + 16 * v);
  return make_rule512(zero, low, high, all_below_one(m));
}

INLINE vec v_dot(vec sum, vec x, const uint8_t *w) {
  return _mm512_dpbusd_epi32(sum, x, _mm512_loadu_si512(w));
}

INLINE void v_put(uint8_t *out, vec bytes, int32_t channels) {
  if (channels >= 64)
    _mm512_storeu_si512(out, bytes);
  else
    _mm512_mask_storeu_epi8(out, ((__mmask64)1 << channels) - 1, bytes);
}

#include "../vector/int8_dwconv.inc"
#include "../vector/int8_dwconv3x3.inc"

static int32_t block_width(int32_t left) { return left > 32 ? 64 : 32; }

size_t rm_int8_dwconv_packed_bytes__avx512vnni(const rm_int8_conv_shape *s) {
  size_t sum = RM_INT8_OVERREAD;
  for (int32_t left = s->out_channels; left > 0; left -= block_width(left))
    sum += left > 32 ? block_bytes64(s) : block_bytes32(s);
  return sum;
}

void rm_int8_dwconv_pack__avx512vnni(const rm_int8_conv_shape *s, const rm_int8_conv_weights *from, void *packed) {
  uint8_t *at = packed;
  for (int32_t first = 0; first < s->out_channels; first += block_width(s->out_channels - first)) {
    const int wide = s->out_channels - first > 32;
    (wide ? pack_block64 : pack_block32)(s, from, first, at);
    at += wide ? block_bytes64(s) : block_bytes32(s);
  }
}

void rm_int8_dwconv__avx512vnni(const rm_int8_conv_call *call, ptrdiff_t row_begin, ptrdiff_t row_end) {
  rm_int8_dwconv_expect(call, row_begin, row_end);
  const rm_int8_conv_shape *s = &call->shape;
  void (*const wide)(const rm_int8_conv_call *, int32_t, int32_t, int32_t, const uint8_t *) = row_kernel64(s);
  void (*const narrow)(const rm_int8_conv_call *, int32_t, int32_t, int32_t, const uint8_t *) = row_kernel32(s);
  for (int32_t row = (int32_t)row_begin; row < row_end; row++) {
    const uint8_t *at = call->packed;
    for (int32_t first = 0; first < s->out_channels; first += block_width(s->out_channels - first)) {
      const int32_t left = s->out_channels - first;
      (left > 32 ? wide : narrow)(call, row, first, left, at);
      at += left > 32 ? block_bytes64(s) : block_bytes32(s);
    }
  }
}
#endif
