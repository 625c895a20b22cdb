// SPDX-License-Identifier: Apache-2.0
// sdot takes two signed operands: activations less 128, which the packed bias makes up for.
#if defined(__aarch64__)
#define TARGET __attribute__((target("arch=armv8.2-a+dotprod")))
#include "../macros.h"
#include <arm_neon.h>

#define CENTRED 1

typedef uint8x16_t vec;

INLINE vec v_dot(vec sum, vec x, const uint8_t *w) {
  const int8x16_t centred = vreinterpretq_s8_u8(veorq_u8(x, vdupq_n_u8(128)));
  return vreinterpretq_u8_s32(vdotq_s32(vreinterpretq_s32_u8(sum), centred, vreinterpretq_s8_u8(vld1q_u8(w))));
}

#include "int8_dwconv_dot.inc"

RM_DEFINE_KERNEL(rm_int8_dwconv__neondot, int8_dwconv, dwconv_kernel)
RM_DEFINE_PACKING(rm_int8_dwconv_packed_bytes__neondot, rm_int8_dwconv_pack__neondot, dwconv)
#endif
