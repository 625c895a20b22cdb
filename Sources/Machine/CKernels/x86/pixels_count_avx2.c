// SPDX-License-Identifier: Apache-2.0
#if defined(__x86_64__)
#include "../pixels.h"

#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))

AVX2 static inline int is_uniform32(const uint8_t *labels) {
  const __m256i all = _mm256_loadu_si256((const void *)labels);
  return _mm256_movemask_epi8(_mm256_cmpeq_epi8(all, _mm256_set1_epi8((char)labels[0]))) == -1;
}

#define TARGET AVX2
#define NAME(kernel) kernel##__avx2
#include "../vector/pixels_count.h"
#endif
