// SPDX-License-Identifier: Apache-2.0
#if defined(__aarch64__)
#define TARGET
#include "int8_neon.inc"

#define LANES 16
#define GROUP 4
#include "../vector/int8_products.inc"

static void add_products(panel *p, int32_t row, int32_t pairs) {
  int32x4_t sums[GROUP][4];
  for (int j = 0; j < GROUP; j++)
    for (int v = 0; v < 4; v++) sums[j][v] = vld1q_s32(p->sums[row + j] + 4 * v);
  for (int32_t k = 0; k < pairs; k++) {
    const int16x8x2_t low = vld2q_s16(p->columns[k][0]), high = vld2q_s16(p->columns[k][8]);
    UNROLL
    for (int j = 0; j < GROUP; j++) {
      UNROLL
      for (int i = 0; i < 2; i++) {
        const int16_t term = p->rows[row + j][2 * k + i];
        sums[j][0] = vmlal_n_s16(sums[j][0], vget_low_s16(low.val[i]), term);
        sums[j][1] = vmlal_high_n_s16(sums[j][1], low.val[i], term);
        sums[j][2] = vmlal_n_s16(sums[j][2], vget_low_s16(high.val[i]), term);
        sums[j][3] = vmlal_high_n_s16(sums[j][3], high.val[i], term);
      }
    }
  }
  for (int j = 0; j < GROUP; j++)
    for (int v = 0; v < 4; v++) vst1q_s32(p->sums[row + j] + 4 * v, sums[j][v]);
}

static void store_sums(const rm_int8_matmul_call *call, const int32_t *sums, uint8_t *out, int32_t columns) {
  const rm_rule8 rule = rm_make_rule8(call->out_zero, call->low, call->high);
  const float32x4_t m = vdupq_n_f32(call->multiplier), multipliers[4] = {m, m, m, m};
  int32x4_t part[4];
  for (int v = 0; v < 4; v++) part[v] = vld1q_s32(sums + 4 * v);
  rm_store16(out, rm_requantize16(part, multipliers, &rule), columns);
}

RM_DEFINE_KERNEL(rm_int8_matmul__neon, int8_matmul, matmul_kernel)
#endif
