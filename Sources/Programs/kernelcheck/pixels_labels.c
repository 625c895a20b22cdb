// SPDX-License-Identifier: Apache-2.0
// The pixel kernels that make, draw and count labels.
#include <stdio.h>
#include <string.h>

#include "pixels.h"

typedef enum { FLOAT, EXACT, ROUNDED } arithmetic;

typedef enum { PLANES, LERP, ARGMAX } step;

// Logits through all three kernels, of which one is compared.
static void check_scores(pixels_subject s, arithmetic kind, step compared) {
  for (int i = 0; i < 3 * PIXELS_CASES; i++) {
    const int classes = pixels_some_classes(s.c, i % PIXELS_CASES);
    const size_t columns = i % 7 == 0 ? 1 : (size_t)check_range(s.c, 1, 150);
    const size_t outputs = pixels_some_columns(s.c, i / 3), stride = pixels_padded(columns + 1);
    const size_t pixel_stride = (size_t)(classes + (i % 2 ? check_range(s.c, 0, 9) : 0));
    const size_t size = kind == FLOAT ? 4 : 2, logit_size = kind == FLOAT ? 4 : 1;
    const int unit = kind == EXACT ? 8 : 128, gain = kind == EXACT ? 16 : 1;
    const int lower_part = check_range(s.c, 0, unit);
    const float fraction = check_float(s.c, 0, 1);
    const uint8_t flip = i % 2 ? 0x80 : 0;
    char shape[96];
    snprintf(shape, sizeof shape, "%zu logits of %d, every %zu, to %zu", columns, classes, pixel_stride, outputs);

    guarded logits[2], planes[2][2], lerped[2];
    for (int row = 0; row < 2; row++) {
      const size_t count = columns * pixel_stride;
      logits[row] = guarded_alloc(count * logit_size, RM_PIXELS_OVER_READ);
      if (kind == FLOAT) {
        // Few values, so that ties are common.
        for (size_t j = 0; j < count; j++)
          ((float *)logits[row].data)[j] = i % 4 ? check_float(s.c, -9, 9) : (float)check_range(s.c, -1, 1);
      } else {
        for (size_t j = 0; j < count; j++)
          logits[row].data[j] = (uint8_t)(i % 4 ? check_range(s.c, 0, 255) : check_range(s.c, 0, 1) * 255 - 128);
      }
      for (int side = 0; side < 2; side++) {
        const rm_pixels_table *t = side ? s.fast : s.plain;
        planes[row][side] = guarded_alloc((size_t)classes * stride * size, RM_PIXELS_OVER_READ);
        if (kind == FLOAT)
          t->planes_f32.function((float *)logits[row].data, pixel_stride, columns, classes,
                                 (float *)planes[row][side].data,
                        stride);
        else
          t->planes_s8.function(logits[row].data, pixel_stride, columns, classes, flip,
                                (int16_t *)planes[row][side].data,
                       stride);
      }
      for (size_t k = 0; k < (size_t)classes && compared == PLANES; k++)
        check_bytes(s.c, shape, planes[row][0].data + k * stride * size,
                    planes[row][1].data + k * stride * size, (columns + 1) * size);
    }
    for (int side = 0; side < 2; side++) {
      const rm_pixels_table *t = side ? s.fast : s.plain;
      lerped[side] = guarded_alloc(2 * (size_t)classes * stride * size, RM_PIXELS_OVER_READ);
      const void *upper = planes[0][0].data, *lower = planes[1][0].data;
      if (kind == FLOAT)
        t->lerp_f32.function(upper, lower, fraction, columns, classes, (float *)lerped[side].data, stride);
      else
        t->lerp_s16.function(upper, lower, unit, lower_part, gain, columns, classes,
                             (int16_t *)lerped[side].data, stride);
    }
    for (size_t k = 0; k < 2 * (size_t)classes && compared == LERP; k++)
      check_bytes(s.c, shape, lerped[0].data + k * stride * size, lerped[1].data + k * stride * size,
                  columns * size);

    guarded first = guarded_alloc(4 * outputs, 0), parts = guarded_alloc(size * outputs, 0);
    guarded want = guarded_alloc(outputs, 0), got = guarded_alloc(outputs, 0);
    for (size_t x = 0; x < outputs; x++) {
      ((int32_t *)first.data)[x] = (int32_t)(x * columns / outputs);
      if (kind == FLOAT)
        ((float *)parts.data)[x] = check_float(s.c, 0, 1);
      else
        ((int16_t *)parts.data)[x] = (int16_t)check_range(s.c, 0, kind == EXACT ? gain - 1 : 32767);
    }
    const int32_t *at = (int32_t *)first.data;
    for (int side = 0; side < 2; side++) {
      const rm_pixels_table *t = side ? s.fast : s.plain;
      uint8_t *labels = side ? got.data : want.data;
      const void *in = lerped[0].data, *part = parts.data;
      if (kind == FLOAT) t->argmax_f32.function(in, stride, classes, at, part, outputs, labels);
      if (kind == EXACT) t->argmax_exact_s16.function(in, stride, classes, at, part, outputs, labels);
      if (kind == ROUNDED) t->argmax_q15_s16.function(in, stride, classes, at, part, outputs, labels);
    }
    if (compared == ARGMAX) check_bytes(s.c, shape, want.data, got.data, outputs);
    for (int j = 0; j < 2; j++) {
      guarded_free(&logits[j]);
      guarded_free(&planes[j][0]);
      guarded_free(&planes[j][1]);
      guarded_free(&lerped[j]);
    }
    guarded_free(&first);
    guarded_free(&parts);
    guarded_free(&want);
    guarded_free(&got);
  }
}

typedef enum { PLANE, CHROMA, PAIRS } layout;

static void check_overlay(pixels_subject s, layout kind) {
  for (int i = 0; i < 2 * PIXELS_CASES; i++) {
    const size_t columns = pixels_some_columns(s.c, i / 2), samples = (columns + 1) / 2;
    const int classes = i % 9 == 8 ? 256 : pixels_some_classes(s.c, i % PIXELS_CASES);
    const rm_overlay_palette palette = pixels_make_palette(s.c, classes);
    guarded upper = pixels_random_labels(s.c, columns, classes), lower = pixels_random_labels(s.c, columns, classes);
    const size_t bytes = kind == PLANE ? columns : kind == CHROMA ? samples : 2 * samples;
    guarded a = pixels_random_u8(s.c, bytes, 0), b = pixels_random_u8(s.c, bytes, 0);
    if (i % 5 == 0) memset(a.data, i % 2 ? 255 : 0, bytes);
    guarded want[2], got[2];
    for (int j = 0; j < 2; j++) {
      want[j] = guarded_alloc(bytes, 0);
      got[j] = guarded_alloc(bytes, 0);
      memcpy(got[j].data, j ? b.data : a.data, bytes);
    }
    const uint8_t *below = i % 3 ? lower.data : upper.data;
    // The variant draws in place.
    if (kind == PLANE) {
      s.plain->overlay_plane.function(a.data, upper.data, &palette, i % 3, columns, want[0].data);
      s.fast->overlay_plane.function(got[0].data, upper.data, &palette, i % 3, columns, got[0].data);
    } else if (kind == CHROMA) {
      s.plain->overlay_chroma.function(a.data, b.data, upper.data, below, &palette, columns, want[0].data,
                                     want[1].data);
      s.fast->overlay_chroma.function(got[0].data, got[1].data, upper.data, below, &palette, columns, got[0].data,
                                    got[1].data);
    } else {
      s.plain->overlay_chroma_pairs.function(a.data, upper.data, below, &palette, columns, want[0].data);
      s.fast->overlay_chroma_pairs.function(got[0].data, upper.data, below, &palette, columns, got[0].data);
    }
    char shape[64];
    snprintf(shape, sizeof shape, "%zu columns, %d classes", columns, classes);
    for (int j = 0; j < (kind == CHROMA ? 2 : 1); j++) check_bytes(s.c, shape, want[j].data, got[j].data, bytes);
    for (int j = 0; j < 2; j++) {
      guarded_free(&want[j]);
      guarded_free(&got[j]);
    }
    guarded_free(&upper);
    guarded_free(&lower);
    guarded_free(&a);
    guarded_free(&b);
  }
}

static void check_counts(pixels_subject s, int is_confusion) {
  for (int i = 0; i < PIXELS_CASES; i++) {
    const size_t columns = pixels_some_columns(s.c, i);
    const int classes = pixels_some_classes(s.c, i);
    guarded a = pixels_random_labels(s.c, columns, classes), b = pixels_random_labels(s.c, columns, classes);
    const size_t size = 8 * (is_confusion ? (size_t)classes * ((size_t)classes + 1) : 256);
    guarded want = guarded_alloc(size, 0), got = guarded_alloc(size, 0);
    memcpy(got.data, want.data, size);
    for (int side = 0; side < 2; side++) {
      const rm_pixels_table *t = side ? s.fast : s.plain;
      uint64_t *counts = (uint64_t *)(side ? got.data : want.data);
      if (is_confusion)
        t->confusion.function(a.data, b.data, columns, classes, counts);
      else
        t->histogram.function(a.data, columns, counts);
    }
    char shape[64];
    snprintf(shape, sizeof shape, "%zu columns, %d classes", columns, classes);
    check_bytes(s.c, shape, want.data, got.data, size);
    guarded_free(&a);
    guarded_free(&b);
    guarded_free(&want);
    guarded_free(&got);
  }
}

void check_pixels_planes_f32(check *c) { check_scores(pixels_of(c), FLOAT, PLANES); }
void check_pixels_planes_s8(check *c) { check_scores(pixels_of(c), EXACT, PLANES); }
void check_pixels_lerp_f32(check *c) { check_scores(pixels_of(c), FLOAT, LERP); }
void check_pixels_lerp_s16(check *c) {
  check_scores(pixels_of(c), EXACT, LERP);
  check_scores(pixels_of(c), ROUNDED, LERP);
}
void check_pixels_argmax_f32(check *c) { check_scores(pixels_of(c), FLOAT, ARGMAX); }
void check_pixels_argmax_exact_s16(check *c) { check_scores(pixels_of(c), EXACT, ARGMAX); }
void check_pixels_argmax_q15_s16(check *c) { check_scores(pixels_of(c), ROUNDED, ARGMAX); }
void check_pixels_overlay_plane(check *c) { check_overlay(pixels_of(c), PLANE); }
void check_pixels_overlay_chroma(check *c) { check_overlay(pixels_of(c), CHROMA); }
void check_pixels_overlay_chroma_pairs(check *c) { check_overlay(pixels_of(c), PAIRS); }
void check_pixels_histogram(check *c) { check_counts(pixels_of(c), 0); }
void check_pixels_confusion(check *c) { check_counts(pixels_of(c), 1); }
