// SPDX-License-Identifier: Apache-2.0
// What the shared kernels build on. A vector vocabulary is included first: `vec` holds WIDTH numbers to compute
// with, `lane` is one of them in memory, `element` what values are stored as. With NATIVE they are all halves.
#pragma once

#include <math.h>

#include "../float_kernels.h"
#include "../reference/float.h"

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#if PAIRS
#define NAME(kernel) JOIN(rm_bf16_##kernel##__, ISA)
#elif HALF
#define NAME(kernel) JOIN(rm_f16_##kernel##__, ISA)
#define SCALAR(kernel) rm_f16_##kernel##__scalar
#else
#define NAME(kernel) JOIN(rm_f32_##kernel##__, ISA)
#define SCALAR(kernel) rm_f32_##kernel##__scalar
#endif

#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#define UNROLL2 _Pragma("clang loop unroll_count(2)")
#else
#define UNROLL _Pragma("GCC unroll 32")
#define UNROLL2 _Pragma("GCC unroll 2")
#endif

// Kept within [low, high]; NaN stays NaN.
INLINE vec limited(vec x, vec low, vec high) { return v_min(high, v_max(low, x)); }

INLINE int least(int a, int b) { return a < b ? a : b; }
INLINE int most(int a, int b) { return a > b ? a : b; }

#if !NATIVE
// The formula of rm_exp.
INLINE vec v_exp(vec x) {
  x = limited(x, v_all(RM_EXP_LOW), v_all(RM_EXP_HIGH));
  const vec n = v_round(v_mul(x, v_all(RM_EXP_LOG2E)));
  const vec r = v_fnma(n, v_all(RM_EXP_LN2_LOW), v_fnma(n, v_all(RM_EXP_LN2_HIGH), x));
  vec p = v_all(RM_EXP_TERM7);
  p = v_fma(p, r, v_all(RM_EXP_TERM6));
  p = v_fma(p, r, v_all(RM_EXP_TERM5));
  p = v_fma(p, r, v_all(RM_EXP_TERM4));
  p = v_fma(p, r, v_all(RM_EXP_TERM3));
  p = v_fma(p, r, v_all(0.5f));
  p = v_fma(p, r, v_all(1.0f));
  p = v_fma(p, r, v_all(1.0f));
  return v_mul(p, v_power2(n));
}
#endif
