// SPDX-License-Identifier: Apache-2.0
// What the files of the integer family share: the two rules of rm_int8.h in scalar form, and the variants.
#pragma once

#include <math.h>
#include <string.h>

#include "macros.h"
#include "rm_int8.h"

static inline int32_t rm_int8_clamp(int64_t value, int32_t low, int32_t high) {
  return value < low ? low : value > high ? high : (int32_t)value;
}

// REQUANTIZE
static inline uint8_t rm_int8_requantize(int32_t accumulator, float multiplier, int32_t zero, int32_t low,
                                         int32_t high) {
  float value = (float)accumulator * multiplier;
  value = fmaxf(value, (float)(low - zero));
  value = fminf(value, (float)(high - zero));
  return (uint8_t)((int32_t)lrintf(value) + zero);
}

// COMBINE
static inline uint8_t rm_int8_apply(const rm_int8_combine *rule, int32_t a, int32_t b) {
  const int32_t sum = a * rule->multiplier_a + b * rule->multiplier_b + rule->offset;
  return (uint8_t)rm_int8_clamp((int64_t)(sum >> rule->shift) + rule->zero, rule->low, rule->high);
}

// The softmax of one pixel.
static inline void rm_int8_weigh(const uint8_t *in, int32_t channels, const uint16_t table[256], uint16_t *out) {
  int32_t largest = 0;
  for (int32_t c = 1; c < channels; c++)
    if (in[c] > in[largest]) largest = c;
  uint32_t sum = 0;
  for (int32_t c = 0; c < channels; c++) sum += table[in[largest] - in[c]];
  uint32_t given = 0;
  for (int32_t c = 0; c < channels; c++) {
    out[c] = (uint16_t)(256u * table[in[largest] - in[c]] / sum);
    given += out[c];
  }
  out[largest] = (uint16_t)(out[largest] + 256u - given);
}

// The same softmax of `cells` numbers that lie `step` apart and are of any size.
static inline void rm_int8_weigh_steps(const int32_t *in, int32_t cells, int32_t step, const uint16_t table[256],
                                       uint16_t *out) {
  uint8_t levels[RM_INT8_LOCAL_CELLS];
  int32_t largest = in[0];
  for (int32_t r = 1; r < cells; r++) largest = in[r * step] > largest ? in[r * step] : largest;
  for (int32_t r = 0; r < cells; r++) {
    const int64_t below = (int64_t)largest - in[r * step];
    levels[r] = (uint8_t)(255 - (below < 255 ? below : 255));
  }
  rm_int8_weigh(levels, cells, table, out);
}

// The four neighbours of a bilinear sample.
typedef struct {
  const uint8_t *upper_left, *upper_right, *lower_left, *lower_right;
} rm_int8_corners;

// Bytes of `channels` rounded up to a group of four, the depth of one dot-product instruction.
static inline int32_t rm_int8_groups(int32_t channels) { return (channels + 3) / 4; }

static inline size_t rm_int8_align(size_t size) { return (size + 63) & ~(size_t)63; }

// What the kernels of a slot take, and their contract, which they ask for themselves: it ends the program where it is
// broken (contracts_int8.c).
#define RM_SLOT(slot, call, ...)              \
  typedef call rm_int8_##slot##_arguments;    \
  void rm_int8_##slot##_expect(const call *, ptrdiff_t begin, ptrdiff_t end);
#include "slots_int8.inc"

// Every kernel that the list of slots names.
#define DECLARE(slot, call, isa) void rm_int8_##slot##__##isa(const call *, ptrdiff_t begin, ptrdiff_t end);
#define DECLARE_PACKING(slot, isa)                                  \
  size_t rm_int8_##slot##_packed_bytes__##isa(const rm_int8_conv_shape *); \
  void rm_int8_##slot##_pack__##isa(const rm_int8_conv_shape *, const rm_int8_conv_weights *, void *packed);

#define RM_SLOT(slot, call, ...) DECLARE(slot, call, scalar)
#define RM_PACKING(slot, ...) DECLARE_PACKING(slot, scalar)
#include "slots_int8.inc"

#if defined(__x86_64__)
#define RM_SLOT(slot, call, avx2, avxvnni, avx512vnni, amx, neon, neondot, i8mm) \
  DECLARE(slot, call, avx2) DECLARE(slot, call, avxvnni) DECLARE(slot, call, avx512vnni) DECLARE(slot, call, amx)
#define RM_PACKING(slot, avx2, avxvnni, avx512vnni, amx, neon, neondot, i8mm) \
  DECLARE_PACKING(slot, avx2) DECLARE_PACKING(slot, avxvnni) DECLARE_PACKING(slot, avx512vnni) \
  DECLARE_PACKING(slot, amx)
#include "slots_int8.inc"
// Why conv__amx hands a shape to conv__avx512vnni; NULL where it does not.
const char *rm_int8_conv_refusal__amx(const rm_int8_conv_shape *);
#elif defined(__aarch64__)
#define RM_SLOT(slot, call, avx2, avxvnni, avx512vnni, amx, neon, neondot, i8mm) \
  DECLARE(slot, call, neon) DECLARE(slot, call, neondot) DECLARE(slot, call, i8mm)
#define RM_PACKING(slot, avx2, avxvnni, avx512vnni, amx, neon, neondot, i8mm) \
  DECLARE_PACKING(slot, neon) DECLARE_PACKING(slot, neondot) DECLARE_PACKING(slot, i8mm)
#include "slots_int8.inc"
#endif

#undef DECLARE
#undef DECLARE_PACKING
