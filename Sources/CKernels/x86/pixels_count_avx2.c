// SPDX-License-Identifier: Apache-2.0
// Labels come in long runs: 32 equal ones count at once, others one by one.
#if defined(__x86_64__)
#include "pixels.h"

#include <immintrin.h>

#include "../reference/pixels.h"

#define AVX2 __attribute__((target("avx2")))

AVX2 static inline int is_uniform32(const uint8_t *labels) {
  const __m256i all = _mm256_loadu_si256((const void *)labels);
  return _mm256_movemask_epi8(_mm256_cmpeq_epi8(all, _mm256_set1_epi8((char)labels[0]))) == -1;
}

AVX2 void rm_u8_histogram__avx2(const uint8_t *labels, size_t columns, uint64_t *counts) {
  size_t x = 0;
  for (; x + 32 <= columns; x += 32) {
    if (is_uniform32(labels + x))
      counts[labels[x]] += 32;
    else
      rm_u8_histogram__scalar(labels + x, 32, counts);
  }
  rm_u8_histogram__scalar(labels + x, columns - x, counts);
}

AVX2 void rm_u8_confusion__avx2(const uint8_t *predicted, const uint8_t *truth, size_t columns, int classes,
                                uint64_t *counts) {
  const size_t row = (size_t)classes + 1;
  size_t x = 0;
  for (; x + 32 <= columns; x += 32) {
    if (is_uniform32(predicted + x) && is_uniform32(truth + x)) {
      if (truth[x] < classes)
        counts[truth[x] * row + (predicted[x] < classes ? predicted[x] : (size_t)classes)] += 32;
    } else {
      rm_u8_confusion__scalar(predicted + x, truth + x, 32, classes, counts);
    }
  }
  rm_u8_confusion__scalar(predicted + x, truth + x, columns - x, classes, counts);
}
#endif
