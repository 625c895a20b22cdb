// SPDX-License-Identifier: Apache-2.0
#if defined(__x86_64__)
#include "../pixels.h"

#include <immintrin.h>

#define TARGET __attribute__((target("avx2")))

TARGET static inline int is_uniform32(const uint8_t *labels) {
  const __m256i all = _mm256_loadu_si256((const void *)labels);
  return _mm256_movemask_epi8(_mm256_cmpeq_epi8(all, _mm256_set1_epi8((char)labels[0]))) == -1;
}

#include "../vector/pixels_count.inc"

TARGET void rm_pixels_confusion__avx2(const uint8_t *predicted, const uint8_t *truth, size_t columns, int classes,
                                      uint64_t *counts) {
  confusion_kernel(predicted, truth, columns, classes, counts);
}

TARGET void rm_pixels_histogram__avx2(const uint8_t *labels, size_t columns, uint64_t *counts) {
  histogram_kernel(labels, columns, counts);
}

#endif
