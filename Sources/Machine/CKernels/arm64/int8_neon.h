// SPDX-License-Identifier: Apache-2.0
// The two rules of rm_int8.h on 128 bits.
#pragma once

#include <arm_neon.h>

#include "../int8.h"

#define INLINE static inline __attribute__((always_inline))

typedef struct {
  int16x8_t zero;
  uint8x16_t low, high;
} rm_rule8;

INLINE rm_rule8 rm_make_rule8(int32_t zero, int32_t low, int32_t high) {
  return (rm_rule8){vdupq_n_s16((int16_t)zero), vdupq_n_u8((uint8_t)low), vdupq_n_u8((uint8_t)high)};
}

// REQUANTIZE on eight accumulators, before the clamps: conversions and narrowing saturate.
INLINE uint8x8_t rm_scale8(int32x4_t a, int32x4_t b, float32x4_t ma, float32x4_t mb, const rm_rule8 *r) {
  const int32x4_t qa = vcvtnq_s32_f32(vmulq_f32(vcvtq_f32_s32(a), ma));
  const int32x4_t qb = vcvtnq_s32_f32(vmulq_f32(vcvtq_f32_s32(b), mb));
  return vqmovun_s16(vqaddq_s16(vqmovn_high_s32(vqmovn_s32(qa), qb), r->zero));
}

INLINE uint8x8_t rm_requantize8(int32x4_t a, int32x4_t b, float32x4_t ma, float32x4_t mb, const rm_rule8 *r) {
  return vmin_u8(vmax_u8(rm_scale8(a, b, ma, mb, r), vget_low_u8(r->low)), vget_low_u8(r->high));
}

INLINE uint8x16_t rm_requantize16(const int32x4_t a[4], const float32x4_t m[4], const rm_rule8 *r) {
  const uint8x16_t bytes =
      vcombine_u8(rm_scale8(a[0], a[1], m[0], m[1], r), rm_scale8(a[2], a[3], m[2], m[3], r));
  return vminq_u8(vmaxq_u8(bytes, r->low), r->high);
}

// COMBINE on eight bytes, before the clamps.
INLINE uint8x8_t rm_join8(uint8x8_t a, uint8x8_t b, const rm_int8_combine *rule) {
  const int16x8_t x = vreinterpretq_s16_u16(vmovl_u8(a)), y = vreinterpretq_s16_u16(vmovl_u8(b));
  const int16_t ma = (int16_t)rule->multiplier_a, mb = (int16_t)rule->multiplier_b;
  const int32x4_t offset = vdupq_n_s32(rule->offset), right = vdupq_n_s32(-rule->shift);
  int32x4_t low = vmlal_n_s16(offset, vget_low_s16(x), ma), high = vmlal_high_n_s16(offset, x, ma);
  low = vshlq_s32(vmlal_n_s16(low, vget_low_s16(y), mb), right);
  high = vshlq_s32(vmlal_high_n_s16(high, y, mb), right);
  return vqmovun_s16(vqaddq_s16(vqmovn_high_s32(vqmovn_s32(low), high), vdupq_n_s16((int16_t)rule->zero)));
}

INLINE uint8x8_t rm_combine8(uint8x8_t a, uint8x8_t b, const rm_int8_combine *rule) {
  return vmin_u8(vmax_u8(rm_join8(a, b, rule), vdup_n_u8((uint8_t)rule->low)), vdup_n_u8((uint8_t)rule->high));
}

INLINE uint8x16_t rm_combine16(uint8x16_t a, uint8x16_t b, const rm_int8_combine *rule) {
  const uint8x16_t bytes = vcombine_u8(rm_join8(vget_low_u8(a), vget_low_u8(b), rule),
                                       rm_join8(vget_high_u8(a), vget_high_u8(b), rule));
  return vminq_u8(vmaxq_u8(bytes, vdupq_n_u8((uint8_t)rule->low)), vdupq_n_u8((uint8_t)rule->high));
}

// Write the first `count` bytes, 8 or 16 at most.
INLINE void rm_store8(uint8_t *out, uint8x8_t bytes, ptrdiff_t count) {
  if (count >= 8) {
    vst1_u8(out, bytes);
    return;
  }
  uint64_t rest = vget_lane_u64(vreinterpret_u64_u8(bytes), 0);
  for (ptrdiff_t i = 0; i < count; i++, rest >>= 8) out[i] = (uint8_t)rest;
}

INLINE void rm_store16(uint8_t *out, uint8x16_t bytes, ptrdiff_t count) {
  if (count >= 16) {
    vst1q_u8(out, bytes);
    return;
  }
  rm_store8(out, vget_low_u8(bytes), count);
  if (count > 8) rm_store8(out + 8, vget_high_u8(bytes), count - 8);
}
