// SPDX-License-Identifier: Apache-2.0
#if defined(__aarch64__)
#define TARGET
#include "int8_neon.inc"

#define GROUP 16
#define load_bytes vld1q_u8
#define all_bytes vdupq_n_u8
#define greater vmaxq_u8
#define store_bytes rm_store16
#define make_rule rm_make_rule8

typedef uint8x16_t bytes;
typedef rm_rule8 rule;

typedef struct {
  int32x4_t wide[4];
  uint16x8_t low, high;  // sums not yet added
} sums;

INLINE sums start(int32_t value) {
  const int32x4_t first = vdupq_n_s32(value);
  return (sums){{first, first, first, first}, vdupq_n_u16(0), vdupq_n_u16(0)};
}

INLINE void add_bytes(sums *s, bytes more) {
  s->low = vaddw_u8(s->low, vget_low_u8(more));
  s->high = vaddw_high_u8(s->high, more);
}

INLINE int32x4_t add_low(int32x4_t to, uint16x8_t more) {
  return vreinterpretq_s32_u32(vaddw_u16(vreinterpretq_u32_s32(to), vget_low_u16(more)));
}

INLINE int32x4_t add_high(int32x4_t to, uint16x8_t more) {
  return vreinterpretq_s32_u32(vaddw_high_u16(vreinterpretq_u32_s32(to), more));
}

INLINE void flush(sums *s) {
  s->wide[0] = add_low(s->wide[0], s->low);
  s->wide[1] = add_high(s->wide[1], s->low);
  s->wide[2] = add_low(s->wide[2], s->high);
  s->wide[3] = add_high(s->wide[3], s->high);
  s->low = s->high = vdupq_n_u16(0);
}

INLINE bytes requantized(const sums *s, float multiplier, const rule *r) {
  const float32x4_t m = vdupq_n_f32(multiplier);
  return rm_requantize16(s->wide, (float32x4_t[]){m, m, m, m}, r);
}

#include "../vector/int8_windows.inc"

RM_DEFINE_KERNEL(rm_int8_max_pool__neon, int8_max_pool, max_pool_kernel)
RM_DEFINE_KERNEL(rm_int8_average_pool__neon, int8_average_pool, average_pool_kernel)
RM_DEFINE_KERNEL(rm_int8_mean__neon, int8_mean, mean_kernel)
#endif
