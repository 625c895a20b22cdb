// SPDX-License-Identifier: Apache-2.0
// Sizes and random input for the pixel kernels.
#include <stdlib.h>
#include <string.h>

#include "pixels.h"

size_t pixels_some_columns(check *c, int at) {
  static const int edges[] = {1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 63, 64, 65, 96, 127, 128, 129};
  const int count = sizeof edges / sizeof *edges;
  return (size_t)(at < count ? edges[at] : check_range(c, 1, 700));
}

int pixels_some_classes(check *c, int at) {
  static const int counts[] = {1, 2, 7, 8, 9, 11, 15, 16, 17, 19, 21, 32, 33, 40};
  const int count = sizeof counts / sizeof *counts;
  return at < count ? counts[at] : at == count ? 255 : check_range(c, 2, 40);
}

guarded pixels_random_s16(check *c, size_t count, int low, int high, size_t slack) {
  guarded g = guarded_alloc(count * 2, slack);
  for (size_t i = 0; i < count; i++) ((int16_t *)g.data)[i] = (int16_t)check_range(c, low, high);
  return g;
}

guarded pixels_random_u8(check *c, size_t count, size_t slack) {
  guarded g = guarded_alloc(count, slack);
  check_fill_u8(c, g.data, count);
  return g;
}

guarded pixels_random_labels(check *c, size_t count, int classes) {
  guarded g = guarded_alloc(count, 0);
  int run = 0, label = 0;
  for (size_t i = 0; i < count; i++) {
    if (run-- <= 0) {
      run = check_range(c, 0, 70);
      label = check_range(c, 0, 9) ? check_range(c, 0, classes - 1) : check_range(c, 0, 255);
    }
    g.data[i] = (uint8_t)label;
  }
  return g;
}

void pixels_random_weights(check *c, int taps, int16_t *weights) {
  int left = 1 << RM_WEIGHT_BITS;
  for (int t = 0; t < taps - 1; t++) {
    weights[t] = (int16_t)check_range(c, 0, left);
    left -= weights[t];
  }
  weights[taps - 1] = (int16_t)left;
}

pixels_axis pixels_make_axis(check *c, size_t columns, size_t samples, int taps) {
  const size_t room = pixels_padded(columns);
  pixels_axis r = {.axis = {.columns = (int32_t)columns, .taps = taps}};
  r.first = guarded_alloc(4 * room, 0);
  r.weights = guarded_alloc(2 * room * (size_t)taps, 0);
  int32_t *first = (int32_t *)r.first.data;
  int16_t *weights = (int16_t *)r.weights.data;
  memset(weights, 0, r.weights.size);
  for (size_t x = 0; x < room; x++) {
    const size_t at = x < columns ? x : columns - 1;
    first[x] = (int32_t)(at * (samples - (size_t)taps + 1) / columns);
    int16_t row[PIXELS_TAPS];
    pixels_random_weights(c, taps, row);
    for (int t = 0; t < taps; t++) weights[(size_t)(t / 2) * 2 * room + 2 * x + (size_t)(t % 2)] = row[t];
  }
  for (size_t x = 0; x < room; x += 4)
    if (first[x + 3] - first[x] > r.axis.spread) r.axis.spread = first[x + 3] - first[x];
  r.axis.first = first;
  r.axis.weights = weights;
  return r;
}

// BT.709, limited.
const rm_yuv_matrix pixels_matrix = {
    .luma = 9539,
    .red_v = 14686,
    .green_u = -1747,
    .green_v = -4366,
    .blue_u = 17305,
    .red_bias = (1 << 18) - 9539 * 1024 - 14686 * 8192,
    .green_bias = (1 << 18) - 9539 * 1024 + (1747 + 4366) * 8192,
    .blue_bias = (1 << 18) - 9539 * 1024 - 17305 * 8192,
};

rm_rgb_quantizer pixels_make_quantizer(check *c, int is_affine, int is_signed) {
  rm_rgb_quantizer q = {.is_affine = is_affine, .is_signed = is_signed};
  for (int ch = 0; ch < 3; ch++) {
    q.slope[ch] = check_range(c, 0, (1 << 22) - 1);
    q.offset[ch] = check_range(c, -(1 << 28), 1 << 28);
    for (int i = 0; i < 256; i++) {
      const int line = (q.slope[ch] * i + q.offset[ch]) >> RM_AFFINE_BITS;
      const int low = is_signed ? -128 : 0, high = is_signed ? 127 : 255;
      q.table[ch][i] = (uint8_t)(is_affine ? (line < low ? low : line > high ? high : line) : check_range(c, 0, 255));
    }
  }
  return q;
}

rm_overlay_palette pixels_make_palette(check *c, int classes) {
  rm_overlay_palette p;
  check_fill_u8(c, p.colors[0], sizeof p.colors);
  p.labels = (classes + 15) / 16 * 16;
  for (int i = 0; i < 256; i++) {
    p.alpha[i] = (uint8_t)(check_range(c, 0, 3) ? check_range(c, 0, 128) : 128 * check_range(c, 0, 1));
    if (check_range(c, 0, 3) == 0) p.colors[1][i] = (uint8_t)(255 * check_range(c, 0, 1));
  }
  for (int i = p.labels; i < 255; i++) {
    p.alpha[i] = p.alpha[255];
    for (int plane = 0; plane < 3; plane++) p.colors[plane][i] = p.colors[plane][255];
  }
  return p;
}
