// SPDX-License-Identifier: Apache-2.0
// The vector vocabulary of the shared kernels: 32 halves wide, computed as halves (AVX512-FP16).
#pragma once

#include <immintrin.h>
#include <stdint.h>

#define ISA avx512fp16
#define TARGET __attribute__((target("avx512fp16,avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c")))
#define WIDTH 32
#define REGISTERS 32
#define HALF 1
#define NATIVE 1

typedef __m512h vec;
typedef uint16_t lane;
typedef uint16_t element;
typedef __mmask32 mask;

#define INLINE TARGET static inline __attribute__((always_inline))

INLINE vec v_load(const lane *p) { return _mm512_castsi512_ph(_mm512_loadu_si512(p)); }
INLINE vec v_all(float x) {
  return _mm512_castsi512_ph(_mm512_set1_epi16((short)_cvtss_sh(x, _MM_FROUND_TO_NEAREST_INT)));
}
INLINE vec v_lane(const lane *p) { return _mm512_castsi512_ph(_mm512_set1_epi16((short)*p)); }
INLINE vec v_add(vec a, vec b) { return _mm512_add_ph(a, b); }
INLINE vec v_sub(vec a, vec b) { return _mm512_sub_ph(a, b); }
INLINE vec v_mul(vec a, vec b) { return _mm512_mul_ph(a, b); }
INLINE vec v_div(vec a, vec b) { return _mm512_div_ph(a, b); }
INLINE vec v_fma(vec a, vec b, vec c) { return _mm512_fmadd_ph(a, b, c); }
// The second operand where either is NaN.
INLINE vec v_max(vec a, vec b) { return _mm512_max_ph(a, b); }
INLINE vec v_min(vec a, vec b) { return _mm512_min_ph(a, b); }

// The first `count` lanes, 0 to WIDTH.
INLINE mask m_first(int count) { return (mask)((1ull << count) - 1); }
INLINE vec joined(__m512 low, __m512 high) {
  const __m256i a = _mm512_cvtps_ph(low, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  const __m256i b = _mm512_cvtps_ph(high, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  return _mm512_castsi512_ph(_mm512_inserti64x4(_mm512_castsi256_si512(a), b, 1));
}
INLINE vec v_floats(const float *p) { return joined(_mm512_loadu_ps(p), _mm512_loadu_ps(p + 16)); }
INLINE vec v_floats_some(const float *p, mask m) {
  return joined(_mm512_maskz_loadu_ps((__mmask16)m, p), _mm512_maskz_loadu_ps((__mmask16)(m >> 16), p + 16));
}

INLINE float get(element x) { return _cvtsh_ss(x); }
INLINE vec v_get(const element *p) { return v_load(p); }
INLINE void v_put(element *p, vec x) { _mm512_storeu_si512(p, _mm512_castph_si512(x)); }
INLINE vec v_get_some(const element *p, mask m) { return _mm512_castsi512_ph(_mm512_maskz_loadu_epi16(m, p)); }
INLINE void v_put_some(element *p, mask m, vec x) { _mm512_mask_storeu_epi16(p, m, _mm512_castph_si512(x)); }
