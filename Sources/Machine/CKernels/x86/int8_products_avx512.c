// SPDX-License-Identifier: Apache-2.0
#if defined(__x86_64__)
#define TARGET __attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")))
#include "int8_store_avx512.inc"

#define LANES 64
#define GROUP 4
#include "../vector/int8_products.inc"

TARGET static void add_products(panel *p, int32_t row, int32_t pairs) {
  __m512i sums[GROUP][4];
  for (int j = 0; j < GROUP; j++)
    for (int v = 0; v < 4; v++) sums[j][v] = _mm512_loadu_si512(p->sums[row + j] + 16 * v);
  for (int32_t k = 0; k < pairs; k++) {
UNROLL
    for (int v = 0; v < 4; v++) {
      const __m512i columns = _mm512_loadu_si512(p->columns[k][16 * v]);
UNROLL
      for (int j = 0; j < GROUP; j++) {
        int32_t pair;
        memcpy(&pair, p->rows[row + j] + 2 * k, sizeof pair);
        sums[j][v] = _mm512_dpwssd_epi32(sums[j][v], _mm512_set1_epi32(pair), columns);
      }
    }
  }
  for (int j = 0; j < GROUP; j++)
    for (int v = 0; v < 4; v++) _mm512_storeu_si512(p->sums[row + j] + 16 * v, sums[j][v]);
}

TARGET static void store_sums(const rm_int8_matmul_call *call, const int32_t *sums, uint8_t *out, int32_t columns) {
  const rule512 rule = make_rule512(call->out_zero, call->low, call->high, call->multiplier < 1);
  const __m512 m = _mm512_set1_ps(call->multiplier), multipliers[4] = {m, m, m, m};
  __m512i part[4];
  for (int v = 0; v < 4; v++) part[v] = _mm512_loadu_si512(sums + 16 * v);
  _mm512_mask_storeu_epi8(out, ~(__mmask64)0 >> (64 - columns), requantize(part, multipliers, &rule));
}

RM_DEFINE_KERNEL(rm_int8_matmul__avx512vnni, int8_matmul, matmul_kernel)
#endif
