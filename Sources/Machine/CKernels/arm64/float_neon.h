// SPDX-License-Identifier: Apache-2.0
// The vector vocabulary of the shared kernels: 4 numbers wide, computed as floats. The including file defines
// HALF: 1 where elements are halves, widened as they are loaded and rounded as they are stored.
#pragma once

#include <arm_neon.h>
#include <stdint.h>
#include <string.h>

#define ISA neon
#define TARGET
#define WIDTH 4
#define REGISTERS 32
#define NATIVE 0

typedef float32x4_t vec;
typedef float lane;
// How many lanes count, from the first, 0 to WIDTH.
typedef int mask;

#define INLINE static inline __attribute__((always_inline))

INLINE vec v_load(const lane *p) { return vld1q_f32(p); }
INLINE void v_store(lane *p, vec x) { vst1q_f32(p, x); }
INLINE vec v_all(float x) { return vdupq_n_f32(x); }
INLINE vec v_lane(const lane *p) { return vld1q_dup_f32(p); }
INLINE vec v_add(vec a, vec b) { return vaddq_f32(a, b); }
INLINE vec v_sub(vec a, vec b) { return vsubq_f32(a, b); }
INLINE vec v_mul(vec a, vec b) { return vmulq_f32(a, b); }
INLINE vec v_div(vec a, vec b) { return vdivq_f32(a, b); }
INLINE vec v_fma(vec a, vec b, vec c) { return vfmaq_f32(c, a, b); }
INLINE vec v_fnma(vec a, vec b, vec c) { return vfmsq_f32(c, a, b); }
// NaN where either is.
INLINE vec v_max(vec a, vec b) { return vmaxq_f32(a, b); }
INLINE vec v_min(vec a, vec b) { return vminq_f32(a, b); }
INLINE vec v_round(vec a) { return vrndnq_f32(a); }
INLINE vec v_power2(vec n) {
  return vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(vcvtnq_s32_f32(n), vdupq_n_s32(127)), 23));
}

INLINE mask m_first(int count) { return count; }
INLINE vec v_floats(const float *p) { return v_load(p); }
INLINE vec v_floats_some(const float *p, mask m) {
  float some[WIDTH] = {0};
  for (int i = 0; i < m; i++) some[i] = p[i];
  return v_load(some);
}
INLINE vec v_select(mask m, vec yes, vec no) {
  static const int32_t places[WIDTH] = {0, 1, 2, 3};
  return vbslq_f32(vcltq_s32(vld1q_s32(places), vdupq_n_s32(m)), yes, no);
}
INLINE float v_sum(vec x) { return vaddvq_f32(x); }
INLINE float v_greatest(vec x) { return vmaxvq_f32(x); }

#if HALF
typedef uint16_t element;
INLINE vec v_get(const element *p) { return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(p))); }
INLINE void v_put(element *p, vec x) { vst1_u16(p, vreinterpret_u16_f16(vcvt_f16_f32(x))); }
INLINE float get(element x) { return vgetq_lane_f32(vcvt_f32_f16(vreinterpret_f16_u16(vdup_n_u16(x))), 0); }
#else
typedef float element;
INLINE vec v_get(const element *p) { return v_load(p); }
INLINE void v_put(element *p, vec x) { v_store(p, x); }
INLINE float get(element x) { return x; }
#endif
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
