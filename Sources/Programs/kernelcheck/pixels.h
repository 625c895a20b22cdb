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

enum { PIXELS_CASES = 60, PIXELS_TAPS = 12 };

// Columns that a kernel may write where it was asked for fewer.
static inline size_t pixels_padded(size_t columns) {
  return (columns + RM_PIXELS_GROUP - 1) / RM_PIXELS_GROUP * RM_PIXELS_GROUP;
}

// BT.709, limited.
extern const rm_yuv_matrix pixels_matrix;

// Widths around vector sizes first, then any; numbers of classes likewise.
size_t pixels_some_columns(check *c, int at);
int pixels_some_classes(check *c, int at);
guarded pixels_random_s16(check *c, size_t count, int low, int high, size_t slack);
guarded pixels_random_u8(check *c, size_t count, size_t slack);
// Label rows as networks draw them: runs, some noise, some labels of no class.
guarded pixels_random_labels(check *c, size_t count, int classes);
void pixels_random_weights(check *c, int taps, int16_t *weights);
pixels_axis pixels_make_axis(check *c, size_t columns, size_t samples, int taps);
rm_rgb_quantizer pixels_make_quantizer(check *c, int is_affine, int is_signed);
rm_overlay_palette pixels_make_palette(check *c, int classes);

static inline pixels_subject pixels_of(check *c) {
  return (pixels_subject){c, rm_pixels_kernels(RM_CPU_SCALAR), rm_pixels_kernels(c->level)};
}

// The check and the bench of each slot; rows of 1280x720 video and of a network's 1024x512 input.
#define RM_SLOT(slot, ...)            \
  void check_pixels_##slot(check *c); \
  void bench_pixels_##slot(check *c);
#include "slots_pixels.inc"
