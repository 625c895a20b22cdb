// SPDX-License-Identifier: Apache-2.0
// Depthwise convolution with a dot-product instruction, 16 channels a block. Included once for each, with ISA,
// KERNEL(x), CENTRED and vec v_dot(vec sum, vec x, const uint8_t *weights).
#include "int8_neon.h"

#define BYTES 16
#define WEIGHT_VECTORS 1
#define NAME(x) x##16

typedef float32x4_t vec_f;
typedef rm_rule8 v_rule;

#define v_load vld1q_u8
#define v_load_f vld1q_f32
#define v_store vst1q_u8
#define v_low8 vzip1q_u8
#define v_high8 vzip2q_u8
#define v_make_rule(zero, low, high, multiplier) rm_make_rule8(zero, low, high)
#define v_put rm_store16

INLINE vec v_none(void) { return vdupq_n_u8(0); }
INLINE vec v_low16(vec a, vec b) {
  return vreinterpretq_u8_u16(vzip1q_u16(vreinterpretq_u16_u8(a), vreinterpretq_u16_u8(b)));
}
INLINE vec v_high16(vec a, vec b) {
  return vreinterpretq_u8_u16(vzip2q_u16(vreinterpretq_u16_u8(a), vreinterpretq_u16_u8(b)));
}
INLINE vec v_requantize(const vec a[4], const vec_f m[4], const v_rule *r) {
  int32x4_t sums[4];
  for (int v = 0; v < 4; v++) sums[v] = vreinterpretq_s32_u8(a[v]);
  return rm_requantize16(sums, m, r);
}

#include "../vector/int8_dwconv.h"
#include "../vector/int8_dwconv3x3.h"
#include "../vector/int8_dwconv_blocks.h"
