// SPDX-License-Identifier: Apache-2.0
// Weights meet samples in widening multiply-adds, 32 bits wide. Across, four outputs lie within eight samples as long
// as the picture shrinks to no less than about half, so a table look-up finds their pairs; beyond that each pair is
// loaded. Rows end in overlapping vectors where the source is a picture, and in whole groups where it is a row of
// our own.
#if defined(__aarch64__)
#include <arm_neon.h>
#include <string.h>

#define TARGET
#include "../macros.h"
#include "../pixels.h"


static size_t padded(size_t columns) {
  return (columns + RM_PIXELS_GROUP - 1) / RM_PIXELS_GROUP * RM_PIXELS_GROUP;
}

INLINE void blend32(const uint8_t *const *rows, const int16_t *weights, int taps, size_t x, int16_t *out) {
  uint32x4_t sum[8];
  for (int i = 0; i < 8; i++) sum[i] = vdupq_n_u32(0);
  for (int t = 0; t < taps; t++) {
    const uint16_t weight = (uint16_t)weights[t];
    for (int i = 0; i < 2; i++) {
      const uint8x16_t bytes = vld1q_u8(rows[t] + x + 16 * i);
      const uint16x8_t low = vmovl_u8(vget_low_u8(bytes)), high = vmovl_high_u8(bytes);
      sum[4 * i] = vmlal_n_u16(sum[4 * i], vget_low_u16(low), weight);
      sum[4 * i + 1] = vmlal_high_n_u16(sum[4 * i + 1], low, weight);
      sum[4 * i + 2] = vmlal_n_u16(sum[4 * i + 2], vget_low_u16(high), weight);
      sum[4 * i + 3] = vmlal_high_n_u16(sum[4 * i + 3], high, weight);
    }
  }
  for (int i = 0; i < 8; i += 2) {
    const uint16x4_t low = vrshrn_n_u32(sum[i], RM_WEIGHT_BITS - RM_BLENDED_BITS);
    const uint16x8_t both = vrshrn_high_n_u32(low, sum[i + 1], RM_WEIGHT_BITS - RM_BLENDED_BITS);
    vst1q_s16(out + x + 4 * i, vreinterpretq_s16_u16(both));
  }
}

void rm_pixels_blend_rows__neon(const uint8_t *const *rows, const int16_t *weights, int taps, size_t columns,
                            int16_t *out) {
  if (columns < 32) {
    rm_pixels_blend_rows__scalar(rows, weights, taps, columns, out);
    return;
  }
  size_t x = 0;
  for (; x + 32 <= columns; x += 32) blend32(rows, weights, taps, x, out);
  if (x < columns) blend32(rows, weights, taps, columns - 32, out);
}

void rm_pixels_split_pairs__neon(const int16_t *pairs, size_t columns, int16_t *a, int16_t *b) {
  for (size_t x = 0; x < columns; x += 8) {
    const int16x8x2_t both = vld2q_s16(pairs + 2 * x);
    vst1q_s16(a + x, both.val[0]);
    vst1q_s16(b + x, both.val[1]);
  }
}

// Bytes that bring the pairs behind first[0...3] into place among the eight samples behind first[0].
INLINE uint8x16_t pick_pairs(const int32_t *first) {
  const uint32x4_t steps = vreinterpretq_u32_s32(vsubq_s32(vld1q_s32(first), vdupq_n_s32(first[0])));
  return vreinterpretq_u8_u32(vmlaq_n_u32(vdupq_n_u32(0x03020100), steps, 0x02020202));
}

INLINE int16x8_t gather_pairs(const int16_t *in, const int32_t *first) {
  uint32_t pairs[4];
  for (int i = 0; i < 4; i++) memcpy(&pairs[i], in + first[i], 4);
  return vreinterpretq_s16_u32(vld1q_u32(pairs));
}

// Four outputs.
INLINE int32x4_t resample4(const int16_t *in, const int32_t *first, const int16_t *weights, size_t row, int taps,
                           int is_near) {
  const uint8x16_t pick = is_near ? pick_pairs(first) : vdupq_n_u8(0);
  int32x4_t low = vdupq_n_s32(0), high = low;
  for (int t = 0; t < taps; t += 2, weights += row) {
    const int16x8_t weight = vld1q_s16(weights);
    const int16x8_t samples =
        is_near ? vreinterpretq_s16_u8(vqtbl1q_u8(vreinterpretq_u8_s16(vld1q_s16(in + first[0] + t)), pick))
                : gather_pairs(in + t, first);
    low = vmlal_s16(low, vget_low_s16(samples), vget_low_s16(weight));
    high = vmlal_high_s16(high, samples, weight);
  }
  return vpaddq_s32(low, high);
}

INLINE void resample(const int16_t *in, const rm_resample_axis *axis, int16_t *out, int taps, int is_near) {
  enum { SHIFT = RM_BLENDED_BITS + RM_WEIGHT_BITS - RM_SAMPLE_BITS };
  const size_t columns = (size_t)axis->columns, row = 2 * padded(columns);
  for (size_t x = 0; x < columns; x += 8) {
    const int16_t *weights = axis->weights + 2 * x;
    const int32x4_t a = resample4(in, axis->first + x, weights, row, taps, is_near);
    const int32x4_t b = resample4(in, axis->first + x + 4, weights + 8, row, taps, is_near);
    vst1q_s16(out + x, vrshrn_high_n_s32(vrshrn_n_s32(a, SHIFT), b, SHIFT));
  }
}

void rm_pixels_resample_row__neon(const int16_t *in, const rm_resample_axis *axis, int16_t *out) {
  if (axis->spread > 6) return resample(in, axis, out, axis->taps, 0);
  if (axis->taps == 2) return resample(in, axis, out, 2, 1);
  if (axis->taps == 4) return resample(in, axis, out, 4, 1);
  resample(in, axis, out, axis->taps, 1);
}

// Eight sums.
typedef struct {
  int32x4_t low, high;
} sums;

INLINE sums start(int32_t value) { return (sums){vdupq_n_s32(value), vdupq_n_s32(value)}; }

INLINE sums add(sums to, int16x8_t x, int16_t weight) {
  return (sums){vmlal_n_s16(to.low, vget_low_s16(x), weight), vmlal_high_n_s16(to.high, x, weight)};
}

// Shifted right by 16 bits: the upper halves.
INLINE int16x8_t upper(sums from) {
  return vuzp2q_s16(vreinterpretq_s16_s32(from.low), vreinterpretq_s16_s32(from.high));
}

void rm_pixels_yuv_to_rgb__neon(const int16_t *y, const int16_t *u, const int16_t *v, const rm_yuv_matrix *matrix,
                             size_t columns, uint8_t *rgb) {
  enum { REST = RM_SAMPLE_BITS + RM_MATRIX_BITS - 16 };
  const rm_yuv_matrix m = *matrix;
  for (size_t x = 0; x < columns; x += 16) {
    uint8x8_t out[2][3];
    for (int i = 0; i < 2; i++) {
      const int16x8_t luma = vld1q_s16(y + x + 8 * i), cb = vld1q_s16(u + x + 8 * i), cr = vld1q_s16(v + x + 8 * i);
      const sums red = add(add(start(m.red_bias), luma, m.luma), cr, m.red_v);
      const sums green = add(add(add(start(m.green_bias), luma, m.luma), cb, m.green_u), cr, m.green_v);
      const sums blue = add(add(start(m.blue_bias), luma, m.luma), cb, m.blue_u);
      out[i][0] = vqshrun_n_s16(upper(red), REST);
      out[i][1] = vqshrun_n_s16(upper(green), REST);
      out[i][2] = vqshrun_n_s16(upper(blue), REST);
    }
    uint8x16x3_t all;
    for (int c = 0; c < 3; c++) all.val[c] = vcombine_u8(out[0][c], out[1][c]);
    vst3q_u8(rgb + 3 * x, all);
  }
}

void rm_pixels_normalize__neon(const uint8_t *rgb, const float *mean, const float *scale, size_t columns, float *out) {
  // Three vectors of four numbers hold four pixels.
  float32x4_t means[3], scales[3];
  for (int i = 0; i < 3; i++) {
    const int a = 4 * i % 3, b = (a + 1) % 3, c = (a + 2) % 3;
    means[i] = (float32x4_t){mean[a], mean[b], mean[c], mean[a]};
    scales[i] = (float32x4_t){scale[a], scale[b], scale[c], scale[a]};
  }
  size_t x = 0;
  for (; x + 16 <= columns; x += 16) {
    for (int i = 0; i < 3; i++) {
      const uint8x16_t bytes = vld1q_u8(rgb + 3 * x + 16 * i);
      const uint16x8_t low = vmovl_u8(vget_low_u8(bytes)), high = vmovl_high_u8(bytes);
      const uint32x4_t wide[4] = {vmovl_u16(vget_low_u16(low)), vmovl_high_u16(low), vmovl_u16(vget_low_u16(high)),
                                  vmovl_high_u16(high)};
      for (int j = 0; j < 4; j++) {
        const int phase = (4 * i + j) % 3;
        const float32x4_t centered = vsubq_f32(vcvtq_f32_u32(wide[j]), means[phase]);
        vst1q_f32(out + 3 * x + 16 * i + 4 * j, vmulq_f32(centered, scales[phase]));
      }
    }
  }
  rm_pixels_normalize__scalar(rgb + 3 * x, mean, scale, columns - x, out + 3 * x);
}

// The line of eight values, shifted right by 16 bits.
INLINE int16x8_t line8(uint8x8_t values, int32_t slope, int32_t offset) {
  const int16x8_t wide = vreinterpretq_s16_u16(vmovl_u8(values));
  const int32x4_t from = vdupq_n_s32(offset);
  return upper((sums){vmlaq_n_s32(from, vmovl_s16(vget_low_s16(wide)), slope),
                      vmlaq_n_s32(from, vmovl_high_s16(wide), slope)});
}

INLINE uint8x8_t stored8(int16x8_t line, int is_signed) {
  enum { REST = RM_AFFINE_BITS - 16 };
  return is_signed ? vreinterpret_u8_s8(vqshrn_n_s16(line, REST)) : vqshrun_n_s16(line, REST);
}

INLINE void quantize16(const uint8_t *rgb, const rm_rgb_quantizer *q, uint8_t *out, int is_signed) {
  uint8x16x3_t all = vld3q_u8(rgb);
  for (int c = 0; c < 3; c++) {
    const int16x8_t low = line8(vget_low_u8(all.val[c]), q->slope[c], q->offset[c]);
    const int16x8_t high = line8(vget_high_u8(all.val[c]), q->slope[c], q->offset[c]);
    all.val[c] = vcombine_u8(stored8(low, is_signed), stored8(high, is_signed));
  }
  vst3q_u8(out, all);
}

INLINE void quantize(const uint8_t *rgb, const rm_rgb_quantizer *q, size_t columns, uint8_t *out, int is_signed) {
  size_t x = 0;
  for (; x + 16 <= columns; x += 16) quantize16(rgb + 3 * x, q, out + 3 * x, is_signed);
  if (x < columns) {
    uint8_t rest[48];
    quantize16(rgb + 3 * x, q, rest, is_signed);
    memcpy(out + 3 * x, rest, 3 * (columns - x));
  }
}

void rm_pixels_quantize__neon(const uint8_t *rgb, const rm_rgb_quantizer *quantizer, size_t columns, uint8_t *out) {
  if (!quantizer->is_affine)
    rm_pixels_quantize__scalar(rgb, quantizer, columns, out);
  else if (quantizer->is_signed)
    quantize(rgb, quantizer, columns, out, 1);
  else
    quantize(rgb, quantizer, columns, out, 0);
}
#endif
