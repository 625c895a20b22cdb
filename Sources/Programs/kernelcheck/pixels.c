// SPDX-License-Identifier: Apache-2.0
// Every pixel kernel of a level against the scalar one, byte for byte.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "families.h"
#include "pixels.h"

static void check_blend(pixels_subject s) {
  for (int i = 0; i < PIXELS_CASES; i++) {
    const size_t columns = pixels_some_columns(s.c, i);
    const int taps = 2 * check_range(s.c, 1, PIXELS_TAPS / 2);
    guarded memory[PIXELS_TAPS];
    const uint8_t *rows[PIXELS_TAPS];
    int16_t weights[PIXELS_TAPS];
    pixels_random_weights(s.c, taps, weights);
    for (int t = 0; t < taps; t++) {
      memory[t] = pixels_random_u8(s.c, columns, 0);
      if (i % 5 == 0) memset(memory[t].data, 255, columns);
      rows[t] = memory[t].data;
    }
    guarded want = guarded_alloc(2 * pixels_padded(columns), 0), got = guarded_alloc(2 * pixels_padded(columns), 0);
    s.plain->blend_rows.function(rows, weights, taps, columns, (int16_t *)want.data);
    s.fast->blend_rows.function(rows, weights, taps, columns, (int16_t *)got.data);
    char shape[64];
    snprintf(shape, sizeof shape, "%zu columns, %d rows", columns, taps);
    check_bytes(s.c, shape, want.data, got.data, 2 * columns);
    for (int t = 0; t < taps; t++) guarded_free(&memory[t]);
    guarded_free(&want);
    guarded_free(&got);
  }
}

static void check_split(pixels_subject s) {
  for (int i = 0; i < PIXELS_CASES; i++) {
    const size_t columns = pixels_some_columns(s.c, i), room = 2 * pixels_padded(columns);
    guarded pairs = pixels_random_s16(s.c, 2 * pixels_padded(columns), 0, 255 << RM_BLENDED_BITS, 0);
    guarded want[2], got[2];
    for (int j = 0; j < 2; j++) {
      want[j] = guarded_alloc(room, 0);
      got[j] = guarded_alloc(room, 0);
    }
    s.plain->split_pairs.function((int16_t *)pairs.data, columns, (int16_t *)want[0].data, (int16_t *)want[1].data);
    s.fast->split_pairs.function((int16_t *)pairs.data, columns, (int16_t *)got[0].data, (int16_t *)got[1].data);
    char shape[64];
    snprintf(shape, sizeof shape, "%zu columns", columns);
    for (int j = 0; j < 2; j++) {
      check_bytes(s.c, shape, want[j].data, got[j].data, 2 * columns);
      guarded_free(&want[j]);
      guarded_free(&got[j]);
    }
    guarded_free(&pairs);
  }
}

static void check_resample(pixels_subject s) {
  for (int i = 0; i < PIXELS_CASES; i++) {
    const size_t columns = pixels_some_columns(s.c, i);
    const int taps = 2 * check_range(s.c, 1, PIXELS_TAPS / 2);
    const size_t samples = (size_t)taps + (size_t)check_range(s.c, 0, (int)columns * 3);
    pixels_axis r = pixels_make_axis(s.c, columns, samples, taps);
    guarded in = pixels_random_s16(s.c, samples, 0, 255 << RM_BLENDED_BITS, RM_PIXELS_OVER_READ);
    guarded want = guarded_alloc(2 * pixels_padded(columns), 0), got = guarded_alloc(2 * pixels_padded(columns), 0);
    s.plain->resample_row.function((int16_t *)in.data, &r.axis, (int16_t *)want.data);
    s.fast->resample_row.function((int16_t *)in.data, &r.axis, (int16_t *)got.data);
    char shape[64];
    snprintf(shape, sizeof shape, "%zu samples to %zu, %d taps", samples, columns, taps);
    check_bytes(s.c, shape, want.data, got.data, 2 * columns);
    guarded_free(&in);
    guarded_free(&want);
    guarded_free(&got);
    guarded_free(&r.first);
    guarded_free(&r.weights);
  }
}

static void check_colors(pixels_subject s) {
  for (int i = 0; i < PIXELS_CASES; i++) {
    const size_t columns = pixels_some_columns(s.c, i), room = pixels_padded(columns);
    guarded in[3];
    for (int j = 0; j < 3; j++) in[j] = pixels_random_s16(s.c, room, 0, 255 << RM_SAMPLE_BITS, 0);
    guarded want = guarded_alloc(3 * room, 0), got = guarded_alloc(3 * room, 0);
    const int16_t *y = (int16_t *)in[0].data, *u = (int16_t *)in[1].data, *v = (int16_t *)in[2].data;
    s.plain->yuv_to_rgb.function(y, u, v, &pixels_matrix, columns, want.data);
    s.fast->yuv_to_rgb.function(y, u, v, &pixels_matrix, columns, got.data);
    char shape[64];
    snprintf(shape, sizeof shape, "%zu columns", columns);
    check_bytes(s.c, shape, want.data, got.data, 3 * columns);
    for (int j = 0; j < 3; j++) guarded_free(&in[j]);
    guarded_free(&want);
    guarded_free(&got);
  }
}

static void check_normalize(pixels_subject s) {
  const float mean[3] = {123.675f, 116.28f, 103.53f}, scale[3] = {0.0171f, 0.0175f, 0.0174f};
  for (int i = 0; i < PIXELS_CASES; i++) {
    const size_t columns = pixels_some_columns(s.c, i);
    guarded rgb = pixels_random_u8(s.c, 3 * pixels_padded(columns), 0);
    guarded want = guarded_alloc(12 * columns, 0), got = guarded_alloc(12 * columns, 0);
    s.plain->normalize.function(rgb.data, mean, scale, columns, (float *)want.data);
    s.fast->normalize.function(rgb.data, mean, scale, columns, (float *)got.data);
    char shape[64];
    snprintf(shape, sizeof shape, "%zu columns", columns);
    check_bytes(s.c, shape, want.data, got.data, 12 * columns);
    guarded_free(&rgb);
    guarded_free(&want);
    guarded_free(&got);
  }
}

static void check_quantize(pixels_subject s) {
  for (int i = 0; i < PIXELS_CASES; i++) {
    const size_t columns = pixels_some_columns(s.c, i);
    const rm_rgb_quantizer q = pixels_make_quantizer(s.c, i % 3 != 0, i % 2);
    guarded rgb = pixels_random_u8(s.c, 3 * pixels_padded(columns), 0);
    guarded want = guarded_alloc(3 * columns, 0), got = guarded_alloc(3 * columns, 0);
    s.plain->quantize.function(rgb.data, &q, columns, want.data);
    s.fast->quantize.function(rgb.data, &q, columns, got.data);
    char shape[64];
    snprintf(shape, sizeof shape, "%zu columns, affine %d, signed %d", columns, i % 3 != 0, i % 2);
    check_bytes(s.c, shape, want.data, got.data, 3 * columns);
    guarded_free(&rgb);
    guarded_free(&want);
    guarded_free(&got);
  }
}

// The check of a slot, of this level's kernels against the scalar ones.
#define CHECK(slot, function) \
  void check_pixels_##slot(check *c) { function(pixels_of(c)); }
CHECK(blend_rows, check_blend)
CHECK(split_pairs, check_split)
CHECK(resample_row, check_resample)
CHECK(yuv_to_rgb, check_colors)
CHECK(normalize, check_normalize)
CHECK(quantize, check_quantize)

void check_pixels_family(check *c) {
  static const check_entry entries[] = {
#define RM_SLOT(slot, ...) {#slot, check_pixels_##slot, bench_pixels_##slot},
#include "slots_pixels.inc"
  };
  rm_kernel_slot slots[RM_PIXELS_SLOTS];
  rm_pixels_slots(rm_pixels_kernels(c->level), slots);
  check_slots(c, entries, slots, RM_PIXELS_SLOTS);
}
