// SPDX-License-Identifier: Apache-2.0
// The vector vocabulary of the shared kernels: 16 numbers wide, computed as floats. The including file defines
// HALF: 1 where elements are halves, widened as they are loaded and rounded as they are stored. With PAIRS,
// convolutions multiply numbers rounded to bf16, two at a time, and add the products up as floats (AVX512_BF16).
#pragma once

#include <immintrin.h>
#include <stdint.h>

#if PAIRS
#define ISA avx512bf16
#define TARGET __attribute__((target("avx512bf16,avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c")))
#else
#define ISA avx512
#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c")))
#endif
#define WIDTH 16
#define REGISTERS 32
#define NATIVE 0

typedef __m512 vec;
typedef float lane;
typedef __mmask16 mask;

#define INLINE TARGET static inline __attribute__((always_inline))

INLINE vec v_load(const lane *p) { return _mm512_loadu_ps(p); }
INLINE void v_store(lane *p, vec x) { _mm512_storeu_ps(p, x); }
INLINE vec v_all(float x) { return _mm512_set1_ps(x); }
INLINE vec v_lane(const lane *p) { return _mm512_set1_ps(*p); }
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
INLINE vec v_floats(const float *p) { return v_load(p); }
INLINE vec v_floats_some(const float *p, mask m) { return _mm512_maskz_loadu_ps(m, p); }
INLINE vec v_select(mask m, vec yes, vec no) { return _mm512_mask_blend_ps(m, no, yes); }
INLINE float v_sum(vec x) { return _mm512_reduce_add_ps(x); }
INLINE float v_greatest(vec x) { return _mm512_reduce_max_ps(x); }

#if HALF
typedef uint16_t element;
INLINE float get(element x) { return _cvtsh_ss(x); }
INLINE vec v_get(const element *p) { return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)p)); }
INLINE __m256i halves(vec x) { return _mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
INLINE void v_put(element *p, vec x) { _mm256_storeu_si256((__m256i *)p, halves(x)); }
INLINE vec v_get_some(const element *p, mask m) { return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(m, p)); }
INLINE void v_put_some(element *p, mask m, vec x) { _mm256_mask_storeu_epi16(p, m, halves(x)); }
#else
typedef float element;
INLINE float get(element x) { return x; }
INLINE vec v_get(const element *p) { return v_load(p); }
INLINE void v_put(element *p, vec x) { v_store(p, x); }
INLINE vec v_get_some(const element *p, mask m) { return v_floats_some(p, m); }
INLINE void v_put_some(element *p, mask m, vec x) { _mm512_mask_storeu_ps(p, m, x); }
#endif

#if PAIRS
typedef uint32_t cell;
typedef __m512bh term;
INLINE term t_cell(const cell *p) { return (term)_mm512_set1_epi32((int)*p); }
INLINE term t_weights(const element *p) { return (term)_mm512_loadu_si512(p); }
INLINE vec t_fma(term a, term b, vec c) { return _mm512_dpbf16_ps(c, a, b); }
INLINE void t_narrow(const element *p, mask m, cell *out) {
  _mm256_storeu_si256((__m256i *)out, (__m256i)_mm512_cvtneps_pbh(v_get_some(p, m)));
}
#endif
