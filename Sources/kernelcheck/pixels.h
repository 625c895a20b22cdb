// SPDX-License-Identifier: Apache-2.0
// What the checks and the bench of the pixel family share.
#pragma once

#include "check.h"
#include "rm_pixels.h"

// A level's kernels beside the scalar ones.
typedef struct {
  check *c;
  const rm_pixels_table *plain, *fast;
} pixels_subject;

typedef struct {
  rm_resample_axis axis;
  guarded first, weights;
} pixels_axis;

// BT.709, limited.
extern const rm_yuv_matrix pixels_matrix;

guarded pixels_random_s16(check *c, size_t count, int low, int high, size_t slack);
guarded pixels_random_u8(check *c, size_t count, size_t slack);
void pixels_random_weights(check *c, int taps, int16_t *weights);
pixels_axis pixels_make_axis(check *c, size_t columns, size_t samples, int taps);
rm_rgb_quantizer pixels_make_quantizer(check *c, int is_affine, int is_signed);
rm_overlay_palette pixels_make_palette(check *c, int classes);

// Rows of 1280x720 video and of a network's 1024x512 input.
void pixels_bench(pixels_subject s);
