// SPDX-License-Identifier: Apache-2.0
// As on x86: logits are taken apart by class in square blocks (4x4 floats, 16x16 bytes), then a row of labels is
// scored four vectors at a time, class after class. Each vector loads the logits behind its first one and a table
// look-up puts them into place; outputs that lie farther apart go the scalar way. Rows end in an overlapping step.
#if defined(__aarch64__)
#include <arm_neon.h>

#define TARGET
#include "../macros.h"
#include "../pixels.h"


void rm_pixels_planes_f32__neon(const float *logits, size_t pixel_stride, size_t columns, int classes, float *planes,
                         size_t stride) {
  const size_t count = (size_t)classes;
  if (count < 4) {
    rm_pixels_planes_f32__scalar(logits, pixel_stride, columns, classes, planes, stride);
    return;
  }
  for (size_t x = 0; x < columns; x += 4) {
    const float *rows[4];
    for (size_t i = 0; i < 4; i++) rows[i] = logits + (x + i < columns ? x + i : columns - 1) * pixel_stride;
    for (size_t block = 0; block < count; block += 4) {
      const size_t k = block + 4 <= count ? block : count - 4;
      const float32x4_t a = vld1q_f32(rows[0] + k), b = vld1q_f32(rows[1] + k);
      const float32x4_t c = vld1q_f32(rows[2] + k), d = vld1q_f32(rows[3] + k);
      const float64x2_t ab_even = vreinterpretq_f64_f32(vtrn1q_f32(a, b));
      const float64x2_t ab_odd = vreinterpretq_f64_f32(vtrn2q_f32(a, b));
      const float64x2_t cd_even = vreinterpretq_f64_f32(vtrn1q_f32(c, d));
      const float64x2_t cd_odd = vreinterpretq_f64_f32(vtrn2q_f32(c, d));
      const float64x2_t out[4] = {vtrn1q_f64(ab_even, cd_even), vtrn1q_f64(ab_odd, cd_odd),
                                  vtrn2q_f64(ab_even, cd_even), vtrn2q_f64(ab_odd, cd_odd)};
      float *plane = planes + k * stride + x;
      for (size_t i = 0; i < 4; i++, plane += stride) vst1q_f32(plane, vreinterpretq_f32_f64(out[i]));
    }
  }
  for (size_t k = 0; k < count; k++) planes[k * stride + columns] = planes[k * stride + columns - 1];
}

INLINE void transpose16(const uint8_t *const *rows, size_t k, uint8x16_t v[16]) {
  for (int i = 0; i < 16; i++) v[i] = vld1q_u8(rows[i] + k);
  // Each step interleaves halves that lie eight vectors apart; four of them transpose.
  for (int step = 0; step < 4; step++) {
    uint8x16_t next[16];
    for (int i = 0; i < 8; i++) {
      next[2 * i] = vzip1q_u8(v[i], v[i + 8]);
      next[2 * i + 1] = vzip2q_u8(v[i], v[i + 8]);
    }
    for (int i = 0; i < 16; i++) v[i] = next[i];
  }
}

void rm_pixels_planes_s8__neon(const uint8_t *logits, size_t pixel_stride, size_t columns, int classes, uint8_t flip,
                        int16_t *planes, size_t stride) {
  const size_t count = (size_t)classes, kept = count < 16 ? count : 16;
  const uint8x16_t flips = vdupq_n_u8(flip);
  for (size_t x = 0; x < columns; x += 16) {
    const uint8_t *rows[16];
    for (size_t i = 0; i < 16; i++) rows[i] = logits + (x + i < columns ? x + i : columns - 1) * pixel_stride;
    for (size_t block = 0; block < count; block += 16) {
      const size_t k = block + 16 <= count || count < 16 ? block : count - 16;
      uint8x16_t out[16];
      transpose16(rows, k, out);
      int16_t *plane = planes + k * stride + x;
      for (size_t i = 0; i < 16 && i < kept; i++, plane += stride) {
        const int8x16_t bytes = vreinterpretq_s8_u8(veorq_u8(out[i], flips));
        vst1q_s16(plane, vmovl_s8(vget_low_s8(bytes)));
        vst1q_s16(plane + 8, vmovl_high_s8(bytes));
      }
    }
  }
  for (size_t k = 0; k < count; k++) planes[k * stride + columns] = planes[k * stride + columns - 1];
}

INLINE float32x4_t between_f32(const float *a, const float *b, float32x4_t part) {
  const float32x4_t from = vld1q_f32(a);
  return vaddq_f32(from, vmulq_f32(vsubq_f32(vld1q_f32(b), from), part));
}

void rm_pixels_lerp_f32__neon(const float *upper, const float *lower, float fraction, size_t columns, int classes,
                              float *out,
                       size_t stride) {
  const float32x4_t part = vdupq_n_f32(fraction);
  for (size_t k = 0; k < (size_t)classes; k++) {
    const float *a = upper + k * stride, *b = lower + k * stride;
    float *value = out + 2 * k * stride, *slope = value + stride;
    float32x4_t here = between_f32(a, b, part);
    for (size_t x = 0; x < columns; x += 4) {
      const float32x4_t beyond = between_f32(a + x + 4, b + x + 4, part);
      vst1q_f32(value + x, here);
      vst1q_f32(slope + x, vsubq_f32(vextq_f32(here, beyond, 1), here));
      here = beyond;
    }
  }
}

INLINE int16x8_t between_s16(const int16_t *a, const int16_t *b, int16_t wa, int16_t wb) {
  return vmlaq_n_s16(vmulq_n_s16(vld1q_s16(a), wa), vld1q_s16(b), wb);
}

void rm_pixels_lerp_s16__neon(const int16_t *upper, const int16_t *lower, int unit, int fraction, int gain,
                              size_t columns,
                       int classes, int16_t *out, size_t stride) {
  const int16_t wa = (int16_t)(unit - fraction), wb = (int16_t)fraction;
  for (size_t k = 0; k < (size_t)classes; k++) {
    const int16_t *a = upper + k * stride, *b = lower + k * stride;
    int16_t *value = out + 2 * k * stride, *slope = value + stride;
    int16x8_t here = between_s16(a, b, wa, wb);
    for (size_t x = 0; x < columns; x += 16) {
      const int16x8_t next = between_s16(a + x + 8, b + x + 8, wa, wb);
      const int16x8_t beyond = between_s16(a + x + 16, b + x + 16, wa, wb);
      vst1q_s16(value + x, vmulq_n_s16(here, (int16_t)gain));
      vst1q_s16(value + x + 8, vmulq_n_s16(next, (int16_t)gain));
      vst1q_s16(slope + x, vsubq_s16(vextq_s16(here, next, 1), here));
      vst1q_s16(slope + x + 8, vsubq_s16(vextq_s16(next, beyond, 1), next));
      here = beyond;
    }
  }
}

// Four outputs of 32 bits, or eight of 16.
INLINE float32x4_t score_f32(const float *at, size_t stride, uint8x16_t pick, float32x4_t part) {
  const uint8x16_t value = vqtbl1q_u8(vreinterpretq_u8_f32(vld1q_f32(at)), pick);
  const uint8x16_t slope = vqtbl1q_u8(vreinterpretq_u8_f32(vld1q_f32(at + stride)), pick);
  return vaddq_f32(vreinterpretq_f32_u8(value), vmulq_f32(vreinterpretq_f32_u8(slope), part));
}

INLINE int16x8_t score_s16(const int16_t *at, size_t stride, uint8x16_t pick, int16x8_t part, int is_exact) {
  const int16x8_t value = vreinterpretq_s16_u8(vqtbl1q_u8(vreinterpretq_u8_s16(vld1q_s16(at)), pick));
  const int16x8_t slope = vreinterpretq_s16_u8(vqtbl1q_u8(vreinterpretq_u8_s16(vld1q_s16(at + stride)), pick));
  return is_exact ? vmlaq_s16(value, slope, part) : vaddq_s16(value, vqrdmulhq_s16(slope, part));
}

enum { VECTORS = 4 };

INLINE void winners_f32(const float *lerped, size_t stride, int classes, const int32_t *first, const float *fraction,
                        uint8_t *labels) {
  const float *at[VECTORS];
  uint8x16_t pick[VECTORS];
  float32x4_t part[VECTORS], best[VECTORS];
  uint32x4_t winner[VECTORS];
  for (int i = 0; i < VECTORS; i++) {
    const uint32x4_t steps = vreinterpretq_u32_s32(vsubq_s32(vld1q_s32(first + 4 * i), vdupq_n_s32(first[4 * i])));
    at[i] = lerped + first[4 * i];
    pick[i] = vreinterpretq_u8_u32(vmlaq_n_u32(vdupq_n_u32(0x03020100), steps, 0x04040404));
    part[i] = vld1q_f32(fraction + 4 * i);
    best[i] = score_f32(at[i], stride, pick[i], part[i]);
    winner[i] = vdupq_n_u32(0);
  }
  size_t offset = 0;
  for (int k = 1; k < classes; k++) {
    offset += 2 * stride;
    const uint32x4_t id = vdupq_n_u32((uint32_t)k);
    for (int i = 0; i < VECTORS; i++) {
      const float32x4_t score = score_f32(at[i] + offset, stride, pick[i], part[i]);
      const uint32x4_t wins = vcgtq_f32(score, best[i]);
      winner[i] = vbslq_u32(wins, id, winner[i]);
      best[i] = vbslq_f32(wins, score, best[i]);
    }
  }
  const uint16x8_t low = vcombine_u16(vmovn_u32(winner[0]), vmovn_u32(winner[1]));
  const uint16x8_t high = vcombine_u16(vmovn_u32(winner[2]), vmovn_u32(winner[3]));
  vst1q_u8(labels, vcombine_u8(vmovn_u16(low), vmovn_u16(high)));
}

INLINE void winners_s16(const int16_t *lerped, size_t stride, int classes, const int32_t *first,
                        const int16_t *fraction, uint8_t *labels, int is_exact) {
  const int16_t *at[VECTORS];
  uint8x16_t pick[VECTORS];
  int16x8_t part[VECTORS], best[VECTORS];
  uint16x8_t winner[VECTORS];
  for (int i = 0; i < VECTORS; i++) {
    const int32x4_t base = vdupq_n_s32(first[8 * i]);
    const int32x4_t low = vsubq_s32(vld1q_s32(first + 8 * i), base);
    const int32x4_t high = vsubq_s32(vld1q_s32(first + 8 * i + 4), base);
    const uint16x8_t steps = vreinterpretq_u16_s16(vcombine_s16(vmovn_s32(low), vmovn_s32(high)));
    at[i] = lerped + first[8 * i];
    pick[i] = vreinterpretq_u8_u16(vmlaq_n_u16(vdupq_n_u16(0x0100), steps, 0x0202));
    part[i] = vld1q_s16(fraction + 8 * i);
    best[i] = score_s16(at[i], stride, pick[i], part[i], is_exact);
    winner[i] = vdupq_n_u16(0);
  }
  size_t offset = 0;
  for (int k = 1; k < classes; k++) {
    offset += 2 * stride;
    const uint16x8_t id = vdupq_n_u16((uint16_t)k);
    for (int i = 0; i < VECTORS; i++) {
      const int16x8_t score = score_s16(at[i] + offset, stride, pick[i], part[i], is_exact);
      winner[i] = vbslq_u16(vcgtq_s16(score, best[i]), id, winner[i]);
      best[i] = vmaxq_s16(best[i], score);
    }
  }
  for (int i = 0; i < VECTORS; i++) vst1_u8(labels + 8 * i, vmovn_u16(winner[i]));
}

#define LOWER(kernel) rm_pixels_##kernel##__scalar
#define F32_STEP 16
#define F32_LANES 4
#define S16_STEP 32
#define S16_LANES 8
#include "../vector/pixels_argmax.inc"

TARGET void rm_pixels_argmax_exact_s16__neon(const int16_t *lerped, size_t stride, int classes, const int32_t *first,
                                             const int16_t *fraction, size_t columns, uint8_t *labels) {
  argmax_exact_s16_kernel(lerped, stride, classes, first, fraction, columns, labels);
}

TARGET void rm_pixels_argmax_f32__neon(const float *lerped, size_t stride, int classes, const int32_t *first,
                                       const float *fraction, size_t columns, uint8_t *labels) {
  argmax_f32_kernel(lerped, stride, classes, first, fraction, columns, labels);
}

TARGET void rm_pixels_argmax_q15_s16__neon(const int16_t *lerped, size_t stride, int classes, const int32_t *first,
                                           const int16_t *fraction, size_t columns, uint8_t *labels) {
  argmax_q15_s16_kernel(lerped, stride, classes, first, fraction, columns, labels);
}

#endif
