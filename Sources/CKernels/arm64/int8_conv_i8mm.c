// SPDX-License-Identifier: Apache-2.0
// usdot takes activations as they are. (usmmla would do twice the work, with another packing.)
#if defined(__aarch64__)
#include <arm_neon.h>
#include <string.h>

#define ISA __attribute__((target("arch=armv8.2-a+dotprod+i8mm")))
#define NAME(x) x##__i8mm
#define CENTRED 0
#define DOT(sum, w, x, lane) vsudotq_laneq_s32(sum, w, x, lane)

typedef uint8x16_t vec;

static inline __attribute__((always_inline)) ISA vec NAME(load16)(const unsigned char *at) { return vld1q_u8(at); }

static inline __attribute__((always_inline)) ISA vec NAME(load4)(const unsigned char *at) {
  uint32_t four;
  memcpy(&four, at, 4);
  return vreinterpretq_u8_u32(vdupq_n_u32(four));
}

#include "int8_conv_dot.h"
#endif
