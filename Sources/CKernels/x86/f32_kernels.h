// SPDX-License-Identifier: Apache-2.0
// What the shared f32 kernels build on. A vector vocabulary is included first.
#pragma once

#include <math.h>

#include "../reference/f32.h"

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define UNROLL _Pragma("clang loop unroll(full)")

// Kept within [low, high]; NaN stays NaN.
INLINE vec limited(vec x, vec low, vec high) { return v_min(high, v_max(low, x)); }

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
