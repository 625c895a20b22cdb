// SPDX-License-Identifier: Apache-2.0
#if defined(__aarch64__)
#define TARGET
#include "int8_neon.inc"

#define GROUP 16
#define load_bytes vld1q_u8
#define all_bytes vdupq_n_u8
#define store_bytes rm_store16
#define combined rm_combine16

typedef uint8x16_t bytes;

typedef struct {
  uint8x16_t a_zero, b_zero;
  float32x4_t multiplier[4];
  rm_rule8 rule;
} factors;

INLINE factors make_factors(const rm_int8_mul_call *call) {
  const float32x4_t m = vdupq_n_f32(call->multiplier);
  return (factors){vdupq_n_u8((uint8_t)call->a_zero), vdupq_n_u8((uint8_t)call->b_zero), {m, m, m, m},
                   rm_make_rule8(call->out_zero, call->low, call->high)};
}

// Differences of bytes as s16.
INLINE int16x8_t low_less(bytes a, bytes b) {
  return vreinterpretq_s16_u16(vsubl_u8(vget_low_u8(a), vget_low_u8(b)));
}
INLINE int16x8_t high_less(bytes a, bytes b) { return vreinterpretq_s16_u16(vsubl_high_u8(a, b)); }

INLINE bytes multiplied(bytes a, bytes b, const factors *f) {
  const int16x8_t a0 = low_less(a, f->a_zero), a1 = high_less(a, f->a_zero);
  const int16x8_t b0 = low_less(b, f->b_zero), b1 = high_less(b, f->b_zero);
  const int32x4_t products[4] = {vmull_s16(vget_low_s16(a0), vget_low_s16(b0)), vmull_high_s16(a0, b0),
                                 vmull_s16(vget_low_s16(a1), vget_low_s16(b1)), vmull_high_s16(a1, b1)};
  return rm_requantize16(products, f->multiplier, &f->rule);
}

#include "../vector/int8_elementwise.inc"

void rm_int8_table__neon(const rm_int8_table_call *call, ptrdiff_t row_begin, ptrdiff_t row_end) {
  rm_int8_table_expect(call, row_begin, row_end);
  // An index beyond a quarter of the table leaves what the quarters before have given.
  uint8x16x4_t quarters[4];
  for (int i = 0; i < 4; i++) quarters[i] = vld1q_u8_x4(call->table + 64 * i);
  const int dense = call->in_pixel == call->channels && call->out_pixel == call->channels;
  const runs r = find_runs(dense, row_begin, row_end, call->columns, call->channels);
  for (ptrdiff_t p = r.first; p < r.first + r.count; p++) {
    const uint8_t *in = call->in + p * call->in_pixel;
    uint8_t *out = call->out + p * call->out_pixel;
    for (ptrdiff_t i = 0; i < r.length; i += 16) {
      const uint8x16_t index = vld1q_u8(in + i);
      uint8x16_t found = vqtbl4q_u8(quarters[0], index);
      found = vqtbx4q_u8(found, quarters[1], vsubq_u8(index, vdupq_n_u8(64)));
      found = vqtbx4q_u8(found, quarters[2], vsubq_u8(index, vdupq_n_u8(128)));
      found = vqtbx4q_u8(found, quarters[3], vsubq_u8(index, vdupq_n_u8(192)));
      rm_store16(out + i, found, r.length - i);
    }
  }
}

void rm_int8_quantize__neon(const rm_int8_quantize_call *call, ptrdiff_t begin, ptrdiff_t end) {
  rm_int8_quantize_expect(call, begin, end);
  const float32x4_t scale = vdupq_n_f32(call->scale);
  const float32x4_t low = vdupq_n_f32((float)(call->low - call->zero));
  const float32x4_t high = vdupq_n_f32((float)(call->high - call->zero));
  const int16x8_t zero = vdupq_n_s16((int16_t)call->zero);
  ptrdiff_t i = begin;
  for (; i + 16 <= end; i += 16) {
    int32x4_t part[4];
    for (int v = 0; v < 4; v++) {
      // Of a NaN and a number fmaxnm gives the number.
      const float32x4_t value = vmaxnmq_f32(vdivq_f32(vld1q_f32(call->in + i + 4 * v), scale), low);
      part[v] = vcvtnq_s32_f32(vminq_f32(value, high));
    }
    const int16x8_t ab = vaddq_s16(vmovn_high_s32(vmovn_s32(part[0]), part[1]), zero);
    const int16x8_t cd = vaddq_s16(vmovn_high_s32(vmovn_s32(part[2]), part[3]), zero);
    vst1q_u8(call->out + i, vreinterpretq_u8_s8(vmovn_high_s16(vmovn_s16(ab), cd)));
  }
  rm_int8_quantize__scalar(call, i, end);
}

RM_DEFINE_KERNEL(rm_int8_combine__neon, int8_combine, combine_kernel)
RM_DEFINE_KERNEL(rm_int8_mul__neon, int8_mul, mul_kernel)
#endif
