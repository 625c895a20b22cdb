// SPDX-License-Identifier: Apache-2.0
// sdot takes two signed operands: activations less 128, which the packed bias makes up for.
#if defined(__aarch64__)
#include <arm_neon.h>

#define ISA __attribute__((target("arch=armv8.2-a+dotprod")))
#define KERNEL(x) x##__neondot
#define CENTRED 1

typedef uint8x16_t vec;

static inline __attribute__((always_inline)) ISA vec v_dot(vec sum, vec x, const uint8_t *w) {
  const int8x16_t centred = vreinterpretq_s8_u8(veorq_u8(x, vdupq_n_u8(128)));
  return vreinterpretq_u8_s32(vdotq_s32(vreinterpretq_s32_u8(sum), centred, vreinterpretq_s8_u8(vld1q_u8(w))));
}

#include "int8_dwconv_dot.h"
#endif
