// SPDX-License-Identifier: Apache-2.0
#if defined(__aarch64__)
#include <arm_neon.h>

#include "../pixels.h"

static inline int is_uniform32(const uint8_t *labels) {
  const uint8x16_t one = vdupq_n_u8(labels[0]);
  const uint8x16_t low = vceqq_u8(vld1q_u8(labels), one), high = vceqq_u8(vld1q_u8(labels + 16), one);
  return vminvq_u8(vandq_u8(low, high)) == 255;
}

#define TARGET
#define NAME(kernel) kernel##__neon
#include "../vector/pixels_count.h"
#endif
