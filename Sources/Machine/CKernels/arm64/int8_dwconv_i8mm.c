// SPDX-License-Identifier: Apache-2.0
#if defined(__aarch64__)
#include <arm_neon.h>

#define ISA __attribute__((target("arch=armv8.2-a+dotprod+i8mm")))
#define KERNEL(x) x##__i8mm
#define CENTRED 0

typedef uint8x16_t vec;

static inline __attribute__((always_inline)) ISA vec v_dot(vec sum, vec x, const uint8_t *w) {
  return vreinterpretq_u8_s32(vusdotq_s32(vreinterpretq_s32_u8(sum), x, vreinterpretq_s8_u8(vld1q_u8(w))));
}

#include "int8_dwconv_dot.h"
#endif
