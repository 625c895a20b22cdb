// SPDX-License-Identifier: Apache-2.0
// The function formulas that all levels share.
#pragma once

#include <math.h>
#include <string.h>

#include "rm_float.h"

// Kept within [low, high]; NaN stays NaN.
static inline float rm_clamp(float x, float low, float high) {
  if (x < low) x = low;
  if (x > high) x = high;
  return x;
}

// exp(x) = 2^n e^r with n = round(x / ln 2), |r| <= ln 2 / 2, e^r by its Taylor terms up to r^7.
// Arguments are kept within RM_EXP_LOW to RM_EXP_HIGH, where 2^n is a normal number.
#define RM_EXP_LOW -87.0f
#define RM_EXP_HIGH 88.0f
#define RM_EXP_LOG2E 1.44269504f
#define RM_EXP_LN2_HIGH 0.693359375f
#define RM_EXP_LN2_LOW -2.12194440e-4f
#define RM_EXP_TERM7 1.98412698e-4f
#define RM_EXP_TERM6 1.38888889e-3f
#define RM_EXP_TERM5 8.33333333e-3f
#define RM_EXP_TERM4 4.16666667e-2f
#define RM_EXP_TERM3 1.66666667e-1f

static inline float rm_exp(float x) {
  x = rm_clamp(x, RM_EXP_LOW, RM_EXP_HIGH);
  if (x != x) return x;
  const float n = rintf(x * RM_EXP_LOG2E);
  const float r = (x - n * RM_EXP_LN2_HIGH) - n * RM_EXP_LN2_LOW;
  float p = RM_EXP_TERM7;
  p = p * r + RM_EXP_TERM6;
  p = p * r + RM_EXP_TERM5;
  p = p * r + RM_EXP_TERM4;
  p = p * r + RM_EXP_TERM3;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  const int32_t bits = ((int32_t)n + 127) * (1 << 23);
  float power;
  memcpy(&power, &bits, sizeof power);
  return p * power;
}

static inline float rm_sigmoid(float x) { return 1.0f / (1.0f + rm_exp(-x)); }

// What packed weights are stored as.
typedef enum { RM_PACK_FLOATS, RM_PACK_HALVES, RM_PACK_BF16 } rm_float_packing;

// Numbers in the packed weights of a level whose panels are `panel` channels wide.
// Packed: for each group, for each panel of output channels: [taps][in_channels / groups / terms][panel][terms],
// channels beyond the last are zero. `terms` is 1 or 2.
size_t rm_float_panels_count(const rm_float_conv *conv, int panel, int terms);
void rm_float_panels_pack(const rm_float_conv *conv, int panel, int terms, rm_float_packing packing,
                          const float *weights,
                         void *packed);

// How many outputs of a convolution that rm_float_conv_fits have their input on the stage at a time.
int rm_float_conv_chunk(const rm_float_conv *conv);
