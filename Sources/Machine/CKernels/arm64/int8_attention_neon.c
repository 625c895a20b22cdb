// SPDX-License-Identifier: Apache-2.0
#if defined(__aarch64__)
#define TARGET
#include "int8_neon.inc"

// Deeper queries would not fit four to the 32 registers.
#define LOCAL_DEPTH 32
#define DEPTH_STEP 16
#include "../vector/int8_attention.inc"

INLINE int16x8_t centred(const uint8_t *p, uint8x8_t zero) {
  return vreinterpretq_s16_u16(vsubl_u8(vld1_u8(p), zero));
}

// sum + a * b, neighbouring products in any lanes.
INLINE int32x4_t add_products(int32x4_t sum, int16x8_t a, int16x8_t b) {
  return vmlal_high_s16(vmlal_s16(sum, vget_low_s16(a), vget_low_s16(b)), a, b);
}

// The sum of each, times the multiplier and rounded.
INLINE int32x4_t rounded(const int32x4_t sums[4], float multiplier) {
  const int32x4_t all = vpaddq_s32(vpaddq_s32(sums[0], sums[1]), vpaddq_s32(sums[2], sums[3]));
  return vcvtnq_s32_f32(vmulq_n_f32(vcvtq_f32_s32(all), multiplier));
}

static void local_steps(const rm_int8_local_attention_call *call, const uint8_t *const query[4],
                        const ptrdiff_t *cells, int32_t *steps) {
  const int32_t count = call->region * call->region;
  const uint8x8_t query_zero = vdup_n_u8((uint8_t)call->query_zero), key_zero = vdup_n_u8((uint8_t)call->key_zero);
  int16x8_t q[4][4];
  for (int sub = 0; sub < 4; sub++)
    for (int i = 0; i < 4; i++) q[sub][i] = centred(query[sub] + 8 * i, query_zero);
  for (int32_t r = 0; r < count; r++) {
    const int32_t *bias = call->bias + r;
    int32x4_t step = {bias[0], bias[count], bias[2 * count], bias[3 * count]};
    if (cells[r] >= 0) {
      const uint8_t *key = call->key + cells[r] * call->key_pixel;
      int32x4_t sums[4] = {vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0)};
      for (int i = 0; i < 4; i++) {
        const int16x8_t k = centred(key + 8 * i, key_zero);
        for (int sub = 0; sub < 4; sub++) sums[sub] = add_products(sums[sub], q[sub][i], k);
      }
      step = vaddq_s32(step, rounded(sums, call->multiplier));
    }
    vst1q_s32(steps + r * 4, step);
  }
}

// A quotient of such numbers in floats may be rounded up to a whole one, but never beyond.
static void local_weights(const rm_int8_local_attention_call *call, int32_t count, int32_t *steps) {
  int32x4_t largest = vld1q_s32(steps);
  for (int32_t r = 1; r < count; r++) largest = vmaxq_s32(largest, vld1q_s32(steps + r * 4));
  int32x4_t first = vdupq_n_s32(0), sum = first, given = first;
  for (int32_t r = count - 1; r >= 0; r--) {
    const int32x4_t step = vld1q_s32(steps + r * 4);
    first = vbslq_s32(vceqq_s32(step, largest), vdupq_n_s32(r), first);
    uint32_t below[4];
    vst1q_u32(below, vminq_u32(vreinterpretq_u32_s32(vsubq_s32(largest, step)), vdupq_n_u32(255)));
    const int32x4_t e = {call->table[below[0]], call->table[below[1]], call->table[below[2]], call->table[below[3]]};
    vst1q_s32(steps + r * 4, e);
    sum = vaddq_s32(sum, e);
  }
  const float32x4_t share = vcvtq_f32_s32(sum);
  for (int32_t r = 0; r < count; r++) {
    const int32x4_t e = vshlq_n_s32(vld1q_s32(steps + r * 4), 8);
    const int32x4_t quotient = vcvtq_s32_f32(vdivq_f32(vcvtq_f32_s32(e), share));
    const int32x4_t weight = vsraq_n_s32(quotient, vmlsq_s32(e, quotient, sum), 31);
    vst1q_s32(steps + r * 4, weight);
    given = vaddq_s32(given, weight);
  }
  int32_t at[4], rest[4];
  vst1q_s32(at, first);
  vst1q_s32(rest, vsubq_s32(vdupq_n_s32(256), given));
  for (int sub = 0; sub < 4; sub++) steps[at[sub] * 4 + sub] += rest[sub];
}

// 16 channels at a time. Weights sum to 256, so the sums of 256 * 255 and a half stay within u16.
static void local_mix(const rm_int8_local_attention_call *call, const ptrdiff_t *cells, const int32_t *weights,
                      uint8_t *const out[4]) {
  const int32_t count = call->region * call->region;
  const uint8x16_t outside = vdupq_n_u8((uint8_t)call->value_zero);
  for (int32_t c = 0; c < call->channels; c += 16) {
    uint16x8_t low[4], high[4];
    for (int sub = 0; sub < 4; sub++) low[sub] = high[sub] = vdupq_n_u16(0);
    for (int32_t r = 0; r < count; r++) {
      const uint8x16_t value = cells[r] < 0 ? outside : vld1q_u8(call->value + cells[r] * call->value_pixel + c);
      const uint16x8_t first = vmovl_u8(vget_low_u8(value)), second = vmovl_high_u8(value);
      const uint16x4_t weight = vmovn_u32(vreinterpretq_u32_s32(vld1q_s32(weights + r * 4)));
#define MIX(sub)                                             \
  low[sub] = vmlaq_lane_u16(low[sub], first, weight, sub);   \
  high[sub] = vmlaq_lane_u16(high[sub], second, weight, sub)
      MIX(0);
      MIX(1);
      MIX(2);
      MIX(3);
#undef MIX
    }
    for (int sub = 0; sub < 4; sub++)
      rm_store16(out[sub] + c, vrshrn_high_n_u16(vrshrn_n_u16(low[sub], 8), high[sub], 8), call->channels - c);
  }
}

static void group_steps(const rm_int8_global_attention_call *call, const group *g, int32_t first, int32_t count,
                        int32_t (*out)[GROUP]) {
  const uint8x8_t key_zero = vdup_n_u8((uint8_t)call->key_zero);
  for (int32_t n = 0; n < count; n++) {
    const uint8_t *key = call->key + (first + n) * call->key_pixel;
    int32x4_t sums[GROUP] = {vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0)};
    for (int32_t i = 0; i < call->depth; i += 16) {
      const int16x8_t low = centred(key + i, key_zero), high = centred(key + i + 8, key_zero);
      for (int j = 0; j < GROUP; j++) {
        sums[j] = add_products(sums[j], vld1q_s16(g->query[j] + i), low);
        sums[j] = add_products(sums[j], vld1q_s16(g->query[j] + i + 8), high);
      }
    }
    vst1q_s32(out[n], rounded(sums, call->multiplier));
  }
}

// Sixteen channels of eight keys at a time.
static void group_mix(const rm_int8_global_attention_call *call, group *g, int32_t first, int32_t count) {
  const uint8_t *values = call->value + first * call->value_pixel;
  for (int32_t c = 0; c < call->channels; c += 16) {
    uint32x4_t sums[GROUP][4];
    for (int j = 0; j < GROUP; j++)
      for (int v = 0; v < 4; v++) sums[j][v] = vdupq_n_u32(0);
    for (int32_t n = 0; n < count; n += ROUND) {
      uint16x8_t weights[GROUP];
      for (int j = 0; j < GROUP; j++) weights[j] = vld1q_u16(g->weights[j] + n);
#define MIX(key)                                                                                    \
  do {                                                                                              \
    const int32_t at = n + key < count ? n + key : n;                                               \
    const uint8x16_t value = vld1q_u8(values + at * call->value_pixel + c);                         \
    const uint16x8_t low = vmovl_u8(vget_low_u8(value)), high = vmovl_high_u8(value);               \
    for (int j = 0; j < GROUP; j++) {                                                               \
      sums[j][0] = vmlal_laneq_u16(sums[j][0], vget_low_u16(low), weights[j], key);                 \
      sums[j][1] = vmlal_high_laneq_u16(sums[j][1], low, weights[j], key);                          \
      sums[j][2] = vmlal_laneq_u16(sums[j][2], vget_low_u16(high), weights[j], key);                \
      sums[j][3] = vmlal_high_laneq_u16(sums[j][3], high, weights[j], key);                         \
    }                                                                                               \
  } while (0)
      MIX(0);
      MIX(1);
      MIX(2);
      MIX(3);
      MIX(4);
      MIX(5);
      MIX(6);
      MIX(7);
#undef MIX
    }
    for (int j = 0; j < GROUP; j++) {
      uint32_t part[16];
      for (int v = 0; v < 4; v++) vst1q_u32(part + 4 * v, sums[j][v]);
      for (int32_t i = 0; i < 16 && c + i < call->channels; i++) g->totals[j][c + i] += part[i];
    }
  }
}

RM_DEFINE_KERNEL(rm_int8_local_attention__neon, int8_local_attention, local_attention_kernel)
RM_DEFINE_KERNEL(rm_int8_global_attention__neon, int8_global_attention, global_attention_kernel)
#endif
