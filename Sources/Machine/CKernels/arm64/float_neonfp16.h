// SPDX-License-Identifier: Apache-2.0
// The vector vocabulary of the shared kernels: 8 halves wide, computed as halves (fullfp16).
#pragma once

#include <arm_neon.h>
#include <stdint.h>
#include <string.h>

#define ISA neonfp16
#define TARGET __attribute__((target("arch=armv8.2-a+fp16")))
#define WIDTH 8
#define REGISTERS 32
#define HALF 1
#define NATIVE 1

typedef float16x8_t vec;
typedef uint16_t lane;
typedef uint16_t element;
// How many lanes count, from the first, 0 to WIDTH.
typedef int mask;

#define INLINE TARGET static inline __attribute__((always_inline))

INLINE vec v_load(const lane *p) { return vreinterpretq_f16_u16(vld1q_u16(p)); }
INLINE vec v_all(float x) { return vdupq_n_f16((float16_t)x); }
INLINE vec v_lane(const lane *p) { return vreinterpretq_f16_u16(vld1q_dup_u16(p)); }
INLINE vec v_add(vec a, vec b) { return vaddq_f16(a, b); }
INLINE vec v_sub(vec a, vec b) { return vsubq_f16(a, b); }
INLINE vec v_mul(vec a, vec b) { return vmulq_f16(a, b); }
INLINE vec v_div(vec a, vec b) { return vdivq_f16(a, b); }
INLINE vec v_fma(vec a, vec b, vec c) { return vfmaq_f16(c, a, b); }
// NaN where either is.
INLINE vec v_max(vec a, vec b) { return vmaxq_f16(a, b); }
INLINE vec v_min(vec a, vec b) { return vminq_f16(a, b); }

INLINE mask m_first(int count) { return count; }
INLINE vec v_floats(const float *p) {
  return vcombine_f16(vcvt_f16_f32(vld1q_f32(p)), vcvt_f16_f32(vld1q_f32(p + 4)));
}
INLINE vec v_floats_some(const float *p, mask m) {
  float some[WIDTH] = {0};
  for (int i = 0; i < m; i++) some[i] = p[i];
  return v_floats(some);
}

INLINE float get(element x) { return vgetq_lane_f32(vcvt_f32_f16(vreinterpret_f16_u16(vdup_n_u16(x))), 0); }
INLINE vec v_get(const element *p) { return v_load(p); }
INLINE void v_put(element *p, vec x) { vst1q_u16(p, vreinterpretq_u16_f16(x)); }
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
