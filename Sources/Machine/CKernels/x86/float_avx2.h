// SPDX-License-Identifier: Apache-2.0
// The vector vocabulary of the shared kernels: 8 numbers wide, computed as floats. The including file defines
// HALF: 1 where elements are halves, widened as they are loaded and rounded as they are stored (F16C).
#pragma once

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#define ISA avx2
#define TARGET __attribute__((target("avx2,fma,f16c")))
#define WIDTH 8
#define REGISTERS 16
#define NATIVE 0

typedef __m256 vec;
typedef float lane;
// How many lanes count, from the first, 0 to WIDTH.
typedef int mask;

#define INLINE TARGET static inline __attribute__((always_inline))

INLINE vec v_load(const lane *p) { return _mm256_loadu_ps(p); }
INLINE void v_store(lane *p, vec x) { _mm256_storeu_ps(p, x); }
INLINE vec v_all(float x) { return _mm256_set1_ps(x); }
INLINE vec v_lane(const lane *p) { return _mm256_set1_ps(*p); }
INLINE vec v_add(vec a, vec b) { return _mm256_add_ps(a, b); }
INLINE vec v_sub(vec a, vec b) { return _mm256_sub_ps(a, b); }
INLINE vec v_mul(vec a, vec b) { return _mm256_mul_ps(a, b); }
INLINE vec v_div(vec a, vec b) { return _mm256_div_ps(a, b); }
INLINE vec v_fma(vec a, vec b, vec c) { return _mm256_fmadd_ps(a, b, c); }
INLINE vec v_fnma(vec a, vec b, vec c) { return _mm256_fnmadd_ps(a, b, c); }
// The second operand where either is NaN.
INLINE vec v_max(vec a, vec b) { return _mm256_max_ps(a, b); }
INLINE vec v_min(vec a, vec b) { return _mm256_min_ps(a, b); }
INLINE vec v_round(vec a) { return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
INLINE vec v_power2(vec n) {
  const __m256i biased = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));
  return _mm256_castsi256_ps(_mm256_slli_epi32(biased, 23));
}

INLINE mask m_first(int count) { return count; }
INLINE __m256i lanes(mask m) {
  static const int32_t ones[16] = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0};
  return _mm256_loadu_si256((const __m256i *)(ones + 8 - m));
}
INLINE vec v_floats(const float *p) { return v_load(p); }
INLINE vec v_floats_some(const float *p, mask m) { return _mm256_maskload_ps(p, lanes(m)); }
INLINE vec v_select(mask m, vec yes, vec no) { return _mm256_blendv_ps(no, yes, _mm256_castsi256_ps(lanes(m))); }
INLINE float v_sum(vec x) {
  __m128 s = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  s = _mm_add_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}
INLINE float v_greatest(vec x) {
  __m128 s = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  s = _mm_max_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_max_ss(s, _mm_movehdup_ps(s)));
}

#if HALF
typedef uint16_t element;
INLINE float get(element x) { return _cvtsh_ss(x); }
INLINE vec v_get(const element *p) { return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)p)); }
INLINE __m128i halves(vec x) { return _mm256_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT); }
INLINE void v_put(element *p, vec x) { _mm_storeu_si128((__m128i *)p, halves(x)); }
INLINE vec v_get_some(const element *p, mask m) {
  element some[WIDTH] = {0};
  for (int i = 0; i < m; i++) some[i] = p[i];
  return v_get(some);
}
INLINE void v_put_some(element *p, mask m, vec x) {
  element some[WIDTH];
  v_put(some, x);
  for (int i = 0; i < m; i++) p[i] = some[i];
}
#else
typedef float element;
INLINE float get(element x) { return x; }
INLINE vec v_get(const element *p) { return v_load(p); }
INLINE void v_put(element *p, vec x) { v_store(p, x); }
INLINE vec v_get_some(const element *p, mask m) { return v_floats_some(p, m); }
INLINE void v_put_some(element *p, mask m, vec x) { _mm256_maskstore_ps(p, lanes(m), x); }
#endif
