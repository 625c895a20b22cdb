// SPDX-License-Identifier: Apache-2.0
#if defined(__aarch64__)
#define TARGET __attribute__((target("arch=armv8.2-a+dotprod+i8mm")))
#include "../macros.h"
#include <arm_neon.h>

#define CENTRED 0

typedef uint8x16_t vec;

INLINE vec v_dot(vec sum, vec x, const uint8_t *w) {
  return vreinterpretq_u8_s32(vusdotq_s32(vreinterpretq_s32_u8(sum), x, vreinterpretq_s8_u8(vld1q_u8(w))));
}

#include "int8_dwconv_dot.inc"

RM_DEFINE_KERNEL(rm_int8_dwconv__i8mm, int8_dwconv, dwconv_kernel)
RM_DEFINE_PACKING(rm_int8_dwconv_packed_bytes__i8mm, rm_int8_dwconv_pack__i8mm, dwconv)
#endif
