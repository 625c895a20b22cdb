// SPDX-License-Identifier: Apache-2.0
// The vector vocabulary of the shared f32 kernels, 16 floats wide. Included by one file for each family.
#pragma once

#include <immintrin.h>

#define ISA avx512
#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c")))
#define WIDTH 16

typedef __m512 vec;
typedef __mmask16 mask;

#define INLINE TARGET static inline __attribute__((always_inline))

INLINE vec v_load(const float *p) { return _mm512_loadu_ps(p); }
INLINE void v_store(float *p, vec x) { _mm512_storeu_ps(p, x); }
INLINE vec v_all(float x) { return _mm512_set1_ps(x); }
INLINE vec v_add(vec a, vec b) { return _mm512_add_ps(a, b); }
INLINE vec v_sub(vec a, vec b) { return _mm512_sub_ps(a, b); }
INLINE vec v_mul(vec a, vec b) { return _mm512_mul_ps(a, b); }
INLINE vec v_div(vec a, vec b) { return _mm512_div_ps(a, b); }
INLINE vec v_fma(vec a, vec b, vec c) { return _mm512_fmadd_ps(a, b, c); }
INLINE vec v_fnma(vec a, vec b, vec c) { return _mm512_fnmadd_ps(a, b, c); }
// The second operand where either is NaN.
INLINE vec v_max(vec a, vec b) { return _mm512_max_ps(a, b); }
INLINE vec v_min(vec a, vec b) { return _mm512_min_ps(a, b); }
INLINE vec v_round(vec a) { return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
INLINE vec v_power2(vec n) {
  const __m512i biased = _mm512_add_epi32(_mm512_cvtps_epi32(n), _mm512_set1_epi32(127));
  return _mm512_castsi512_ps(_mm512_slli_epi32(biased, 23));
}

// The first `count` lanes, 0 to WIDTH.
INLINE mask m_first(int count) { return (mask)((1u << count) - 1); }
INLINE vec v_load_some(const float *p, mask m) { return _mm512_maskz_loadu_ps(m, p); }
INLINE void v_store_some(float *p, mask m, vec x) { _mm512_mask_storeu_ps(p, m, x); }
INLINE vec v_select(mask m, vec yes, vec no) { return _mm512_mask_blend_ps(m, no, yes); }
INLINE float v_sum(vec x) { return _mm512_reduce_add_ps(x); }
INLINE float v_greatest(vec x) { return _mm512_reduce_max_ps(x); }
