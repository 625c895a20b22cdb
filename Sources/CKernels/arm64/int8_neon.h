// SPDX-License-Identifier: Apache-2.0
// The two rules of rm_int8.h on 128 bits.
#pragma once

#include <arm_neon.h>

#include "../int8.h"

#define INLINE static inline __attribute__((always_inline))

typedef struct {
  float32x4_t limit;
  int16x8_t zero;
  uint8x8_t low;
} rm_rule8;

INLINE rm_rule8 rm_make_rule8(int32_t zero, int32_t low, int32_t high) {
  return (rm_rule8){vdupq_n_f32((float)(high - zero)), vdupq_n_s16((int16_t)zero), vdup_n_u8((uint8_t)low)};
}

// REQUANTIZE on eight accumulators. Conversions and narrowing saturate, which is the lower clamp.
INLINE uint8x8_t rm_requantize8(int32x4_t a, int32x4_t b, float32x4_t ma, float32x4_t mb, const rm_rule8 *r) {
  const int32x4_t qa = vcvtnq_s32_f32(vminq_f32(vmulq_f32(vcvtq_f32_s32(a), ma), r->limit));
  const int32x4_t qb = vcvtnq_s32_f32(vminq_f32(vmulq_f32(vcvtq_f32_s32(b), mb), r->limit));
  const int16x8_t both = vqaddq_s16(vcombine_s16(vqmovn_s32(qa), vqmovn_s32(qb)), r->zero);
  return vmax_u8(vqmovun_s16(both), r->low);
}

// COMBINE on eight bytes.
INLINE uint8x8_t rm_combine8(uint8x8_t a, uint8x8_t b, const rm_int8_combine *rule) {
  const int16x8_t x = vreinterpretq_s16_u16(vmovl_u8(a)), y = vreinterpretq_s16_u16(vmovl_u8(b));
  const int16_t ma = (int16_t)rule->multiplier_a, mb = (int16_t)rule->multiplier_b;
  const int32x4_t offset = vdupq_n_s32(rule->offset), right = vdupq_n_s32(-rule->shift);
  int32x4_t low = vmlal_n_s16(offset, vget_low_s16(x), ma), high = vmlal_n_s16(offset, vget_high_s16(x), ma);
  low = vshlq_s32(vmlal_n_s16(low, vget_low_s16(y), mb), right);
  high = vshlq_s32(vmlal_n_s16(high, vget_high_s16(y), mb), right);
  const int16x8_t sum =
      vqaddq_s16(vcombine_s16(vqmovn_s32(low), vqmovn_s32(high)), vdupq_n_s16((int16_t)rule->zero));
  return vmin_u8(vmax_u8(vqmovun_s16(sum), vdup_n_u8((uint8_t)rule->low)), vdup_n_u8((uint8_t)rule->high));
}

// Writes the first `count` bytes, 8 at most.
INLINE void rm_store8(uint8_t *out, uint8x8_t bytes, ptrdiff_t count) {
  if (count >= 8) {
    vst1_u8(out, bytes);
    return;
  }
  uint8_t all[8];
  vst1_u8(all, bytes);
  for (ptrdiff_t i = 0; i < count; i++) out[i] = all[i];
}
