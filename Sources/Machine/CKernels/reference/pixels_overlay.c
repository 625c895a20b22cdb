// SPDX-License-Identifier: Apache-2.0
#include "../pixels.h"

void rm_pixels_overlay_plane__scalar(const uint8_t *source, const uint8_t *labels, const rm_overlay_palette *palette,
                                 int color_plane, size_t columns, uint8_t *out) {
  const uint8_t *colors = palette->colors[color_plane];
  const int unit = 1 << RM_ALPHA_BITS;
  for (size_t x = 0; x < columns; x++) {
    const int alpha = palette->alpha[labels[x]];
    out[x] = (uint8_t)((source[x] * (unit - alpha) + colors[labels[x]] * alpha + unit / 2) >> RM_ALPHA_BITS);
  }
}

// A sample of the chroma plane with `colors` that lies over four labels.
static uint8_t covered(int source, const uint8_t labels[4], const uint8_t *alphas, const uint8_t *colors) {
  const int unit = 4 << RM_ALPHA_BITS;
  int alpha = 0, color = 0;
  for (int i = 0; i < 4; i++) {
    alpha += alphas[labels[i]];
    color += alphas[labels[i]] * colors[labels[i]];
  }
  return (uint8_t)((source * (unit - alpha) + color + unit / 2) >> (RM_ALPHA_BITS + 2));
}

void rm_pixels_overlay_chroma__scalar(const uint8_t *source_u, const uint8_t *source_v, const uint8_t *upper_labels,
                                  const uint8_t *lower_labels, const rm_overlay_palette *palette,
                                  size_t label_columns, uint8_t *out_u, uint8_t *out_v) {
  for (size_t x = 0; x < (label_columns + 1) / 2; x++) {
    const size_t left = 2 * x, right = left + 1 < label_columns ? left + 1 : left;
    const uint8_t labels[4] = {upper_labels[left], upper_labels[right], lower_labels[left], lower_labels[right]};
    out_u[x] = covered(source_u[x], labels, palette->alpha, palette->colors[1]);
    out_v[x] = covered(source_v[x], labels, palette->alpha, palette->colors[2]);
  }
}

void rm_pixels_overlay_chroma_pairs__scalar(const uint8_t *source, const uint8_t *upper_labels,
                                        const uint8_t *lower_labels, const rm_overlay_palette *palette,
                                        size_t label_columns, uint8_t *out) {
  for (size_t x = 0; x < (label_columns + 1) / 2; x++) {
    const size_t left = 2 * x, right = left + 1 < label_columns ? left + 1 : left;
    const uint8_t labels[4] = {upper_labels[left], upper_labels[right], lower_labels[left], lower_labels[right]};
    out[2 * x] = covered(source[2 * x], labels, palette->alpha, palette->colors[1]);
    out[2 * x + 1] = covered(source[2 * x + 1], labels, palette->alpha, palette->colors[2]);
  }
}
