// SPDX-License-Identifier: Apache-2.0
// IEEE half precision in integers, for machines and compilers that do not know it.
#pragma once

#include <stdint.h>
#include <string.h>

// Exact.
static inline float rm_from_half(uint16_t half) {
  const uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = half >> 10 & 31, fraction = half & 0x3ff;
  float x;
  if (exponent == 0) {
    x = (float)fraction * 0x1p-24f;
    return sign ? -x : x;
  }
  const uint32_t bits = sign | (exponent == 31 ? 255u : exponent + 112) << 23 | fraction << 13;
  memcpy(&x, &bits, sizeof x);
  return x;
}

// To nearest, ties to even; beyond the largest half infinity; NaN stays NaN.
static inline uint16_t rm_to_half(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  const uint16_t sign = (uint16_t)(bits >> 16 & 0x8000);
  bits &= 0x7fffffff;
  if (bits > 0x7f800000) return sign | 0x7e00;
  if (bits >= 0x477ff000) return sign | 0x7c00;
  if (bits < 0x38800000) {
    // Below the least normal half: adding 1/2 leaves its steps of 2^-24 in the lowest bits, rounded.
    float magnitude;
    memcpy(&magnitude, &bits, sizeof magnitude);
    magnitude += 0.5f;
    memcpy(&bits, &magnitude, sizeof bits);
    return sign | (uint16_t)(bits - 0x3f000000);
  }
  const uint32_t odd = bits >> 13 & 1;
  return sign | (uint16_t)((bits - 0x38000000 + 0xfff + odd) >> 13);
}
