// SPDX-License-Identifier: Apache-2.0
#include "../pixels.h"

static size_t padded(size_t columns) {
  return (columns + RM_PIXELS_GROUP - 1) / RM_PIXELS_GROUP * RM_PIXELS_GROUP;
}

void rm_pixels_blend_rows__scalar(const uint8_t *const *rows, const int16_t *weights, int taps, size_t columns,
                              int16_t *out) {
  const int shift = RM_WEIGHT_BITS - RM_BLENDED_BITS;
  for (size_t x = 0; x < columns; x++) {
    int32_t sum = 1 << (shift - 1);
    for (int t = 0; t < taps; t++) sum += weights[t] * rows[t][x];
    out[x] = (int16_t)(sum >> shift);
  }
}

void rm_pixels_split_pairs__scalar(const int16_t *pairs, size_t columns, int16_t *a, int16_t *b) {
  for (size_t x = 0; x < columns; x++) {
    a[x] = pairs[2 * x];
    b[x] = pairs[2 * x + 1];
  }
}

void rm_pixels_resample_row__scalar(const int16_t *in, const rm_resample_axis *axis, int16_t *out) {
  const int shift = RM_BLENDED_BITS + RM_WEIGHT_BITS - RM_SAMPLE_BITS;
  const size_t columns = (size_t)axis->columns, row = 2 * padded(columns);
  for (size_t x = 0; x < columns; x++) {
    int32_t sum = 1 << (shift - 1);
    for (int t = 0; t < axis->taps; t++) {
      const int16_t weight = axis->weights[(size_t)(t / 2) * row + 2 * x + (size_t)(t % 2)];
      sum += weight * in[axis->first[x] + t];
    }
    out[x] = (int16_t)(sum >> shift);
  }
}

static uint8_t clamped(int32_t value) { return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value); }

void rm_pixels_yuv_to_rgb__scalar(const int16_t *y, const int16_t *u, const int16_t *v, const rm_yuv_matrix *matrix,
                               size_t columns, uint8_t *rgb) {
  const int shift = RM_SAMPLE_BITS + RM_MATRIX_BITS;
  for (size_t x = 0; x < columns; x++) {
    const int32_t luma = matrix->luma * y[x];
    const int32_t red = luma + matrix->red_v * v[x] + matrix->red_bias;
    const int32_t green = luma + matrix->green_u * u[x] + matrix->green_v * v[x] + matrix->green_bias;
    const int32_t blue = luma + matrix->blue_u * u[x] + matrix->blue_bias;
    rgb[3 * x] = clamped(red >> shift);
    rgb[3 * x + 1] = clamped(green >> shift);
    rgb[3 * x + 2] = clamped(blue >> shift);
  }
}

void rm_pixels_normalize__scalar(const uint8_t *rgb, const float *mean, const float *scale, size_t columns,
                                 float *out) {
  for (size_t x = 0; x < columns; x++)
    for (size_t c = 0; c < 3; c++) out[3 * x + c] = ((float)rgb[3 * x + c] - mean[c]) * scale[c];
}

void rm_pixels_quantize__scalar(const uint8_t *rgb, const rm_rgb_quantizer *quantizer, size_t columns, uint8_t *out) {
  for (size_t x = 0; x < columns; x++)
    for (size_t c = 0; c < 3; c++) out[3 * x + c] = quantizer->table[c][rgb[3 * x + c]];
}
