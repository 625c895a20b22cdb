// SPDX-License-Identifier: Apache-2.0
// Bilinear sampling, 16 channels at a time. A row blended by weights in 1/64 is at most 64 * 255, so
// above + (under - above) * y / 64 of two rows fits s16; that sqdmulh rounds the second term down to a whole number
// changes nothing behind the rounding of the sum. Weights in 1/32 are doubled.
#if defined(__aarch64__)
#define TARGET
#include "int8_neon.inc"

typedef struct {
  uint8x16_t left, right;  // 64 in all
  int16x8_t lower;         // y / 64 in 1/2^15
} blend;

INLINE blend make_blend(int32_t x, int32_t y, int32_t bits) {
  const int32_t to_six = 6 - bits;
  x <<= to_six;
  return (blend){vdupq_n_u8((uint8_t)(64 - x)), vdupq_n_u8((uint8_t)x), vdupq_n_s16((int16_t)(y << (9 + to_six)))};
}

INLINE uint8x8_t rows_blended(int16x8_t above, int16x8_t under, const blend *b) {
  const int16x8_t sum = vaddq_s16(above, vqdmulhq_s16(vsubq_s16(under, above), b->lower));
  return vrshrn_n_u16(vreinterpretq_u16_s16(sum), 6);
}

INLINE int16x8_t row_low(uint8x16_t left, uint8x16_t right, const blend *b) {
  const uint16x8_t sum = vmull_u8(vget_low_u8(left), vget_low_u8(b->left));
  return vreinterpretq_s16_u16(vmlal_u8(sum, vget_low_u8(right), vget_low_u8(b->right)));
}

INLINE int16x8_t row_high(uint8x16_t left, uint8x16_t right, const blend *b) {
  return vreinterpretq_s16_u16(vmlal_high_u8(vmull_high_u8(left, b->left), right, b->right));
}

INLINE void sample(const rm_int8_corners *from, const blend *b, uint8_t *out, ptrdiff_t channels) {
  for (ptrdiff_t c = 0; c < channels; c += 16) {
    const uint8x16_t ul = vld1q_u8(from->upper_left + c), ur = vld1q_u8(from->upper_right + c);
    const uint8x16_t ll = vld1q_u8(from->lower_left + c), lr = vld1q_u8(from->lower_right + c);
    const uint8x8_t low = rows_blended(row_low(ul, ur, b), row_low(ll, lr, b), b);
    const uint8x8_t high = rows_blended(row_high(ul, ur, b), row_high(ll, lr, b), b);
    rm_store16(out + c, vcombine_u8(low, high), channels - c);
  }
}

// Weights in 1/2048; sums of 32 bits.
typedef struct {
  uint16_t left, right;
  uint32_t upper, lower;
} fine_blend;

INLINE fine_blend make_fine_blend(int32_t x, int32_t y) {
  return (fine_blend){(uint16_t)(2048 - x), (uint16_t)x, (uint32_t)(2048 - y), (uint32_t)y};
}

typedef struct {
  uint32x4_t low, high;
} fine_row;

INLINE fine_row fine_row8(const uint8_t *left, const uint8_t *right, const fine_blend *b) {
  const uint16x8_t l = vmovl_u8(vld1_u8(left)), r = vmovl_u8(vld1_u8(right));
  return (fine_row){vmlal_n_u16(vmull_n_u16(vget_low_u16(l), b->left), vget_low_u16(r), b->right),
                    vmlal_high_n_u16(vmull_high_n_u16(l, b->left), r, b->right)};
}

INLINE void sample_fine(const rm_int8_corners *from, const fine_blend *b, uint8_t *out, ptrdiff_t channels) {
  for (ptrdiff_t c = 0; c < channels; c += 8) {
    const fine_row above = fine_row8(from->upper_left + c, from->upper_right + c, b);
    const fine_row under = fine_row8(from->lower_left + c, from->lower_right + c, b);
    const uint32x4_t low = vmlaq_n_u32(vmulq_n_u32(above.low, b->upper), under.low, b->lower);
    const uint32x4_t high = vmlaq_n_u32(vmulq_n_u32(above.high, b->upper), under.high, b->lower);
    const uint16x4_t low16 = vmovn_u32(vrshrq_n_u32(low, 22)), high16 = vmovn_u32(vrshrq_n_u32(high, 22));
    rm_store8(out + c, vmovn_u16(vcombine_u16(low16, high16)), channels - c);
  }
}

#include "../vector/int8_geometry.inc"

RM_DEFINE_KERNEL(rm_int8_resize__neon, int8_resize, resize_kernel)
RM_DEFINE_KERNEL(rm_int8_sample__neon, int8_sample, sample_kernel)
RM_DEFINE_KERNEL(rm_int8_warp__neon, int8_warp, warp_kernel)
#endif
