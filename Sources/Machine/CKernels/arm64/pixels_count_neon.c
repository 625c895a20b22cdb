// SPDX-License-Identifier: Apache-2.0
#if defined(__aarch64__)
#include <arm_neon.h>

#define TARGET
#include "../pixels.h"

static inline int is_uniform32(const uint8_t *labels) {
  const uint8x16_t one = vdupq_n_u8(labels[0]);
  const uint8x16_t low = vceqq_u8(vld1q_u8(labels), one), high = vceqq_u8(vld1q_u8(labels + 16), one);
  return vminvq_u8(vandq_u8(low, high)) == 255;
}

#include "../vector/pixels_count.inc"

TARGET void rm_pixels_confusion__neon(const uint8_t *predicted, const uint8_t *truth, size_t columns, int classes,
                                      uint64_t *counts) {
  confusion_kernel(predicted, truth, columns, classes, counts);
}

TARGET void rm_pixels_histogram__neon(const uint8_t *labels, size_t columns, uint64_t *counts) {
  histogram_kernel(labels, columns, counts);
}

#endif
