// SPDX-License-Identifier: Apache-2.0
#if defined(__x86_64__)
#define TARGET __attribute__((target("avx2,fma")))
#include "int8_ymm.inc"

#define LANES 32
#define GROUP 2
#include "../vector/int8_products.inc"

TARGET static void add_products(panel *p, int32_t row, int32_t pairs) {
  __m256i sums[GROUP][4];
  for (int j = 0; j < GROUP; j++)
    for (int v = 0; v < 4; v++) sums[j][v] = _mm256_loadu_si256((const __m256i *)(p->sums[row + j] + 8 * v));
  for (int32_t k = 0; k < pairs; k++) {
UNROLL
    for (int j = 0; j < GROUP; j++) {
      int32_t pair;
      memcpy(&pair, p->rows[row + j] + 2 * k, sizeof pair);
      const __m256i both = _mm256_set1_epi32(pair);
UNROLL
      for (int v = 0; v < 4; v++) {
        const __m256i columns = _mm256_loadu_si256((const __m256i *)p->columns[k][8 * v]);
        sums[j][v] = _mm256_add_epi32(sums[j][v], _mm256_madd_epi16(both, columns));
      }
    }
  }
  for (int j = 0; j < GROUP; j++)
    for (int v = 0; v < 4; v++) _mm256_storeu_si256((__m256i *)(p->sums[row + j] + 8 * v), sums[j][v]);
}

TARGET static void store_sums(const rm_int8_matmul_call *call, const int32_t *sums, uint8_t *out, int32_t columns) {
  const rm_rule32 rule = rm_make_rule32(call->out_zero, call->low, call->high);
  const rm_multiplier32 multiplier = rm_same_multiplier32(call->multiplier);
  __m256i part[4];
  for (int v = 0; v < 4; v++) part[v] = _mm256_loadu_si256((const __m256i *)(sums + 8 * v));
  const __m256i bytes = rm_requantize32(part, multiplier.each, &rule);
  rm_store32(out, _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7)), columns);
}

RM_DEFINE_KERNEL(rm_int8_matmul__avx2, int8_matmul, matmul_kernel)
#endif
