// SPDX-License-Identifier: Apache-2.0
// sdot takes two signed operands: activations less 128, which the packed bias makes up for.
#if defined(__aarch64__)
#define TARGET __attribute__((target("arch=armv8.2-a+dotprod")))
#include "../macros.h"
#include <arm_neon.h>
#include <string.h>

#define CENTRED 1
#define DOT(sum, w, x, lane) vdotq_laneq_s32(sum, w, x, lane)

typedef int8x16_t vec;

INLINE vec load16(const unsigned char *at) {
  return vreinterpretq_s8_u8(veorq_u8(vld1q_u8(at), vdupq_n_u8(128)));
}

INLINE vec load4(const unsigned char *at) {
  uint32_t four;
  memcpy(&four, at, 4);
  return vreinterpretq_s8_u8(veorq_u8(vreinterpretq_u8_u32(vdupq_n_u32(four)), vdupq_n_u8(128)));
}

#include "int8_conv_dot.inc"

RM_DEFINE_KERNEL(rm_int8_conv__neondot, int8_conv, conv_kernel)
RM_DEFINE_PACKING(rm_int8_conv_packed_bytes__neondot, rm_int8_conv_pack__neondot, conv)
#endif
