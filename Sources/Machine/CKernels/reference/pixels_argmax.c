// SPDX-License-Identifier: Apache-2.0
#include "../pixels.h"

void rm_pixels_planes_f32__scalar(const float *logits, size_t pixel_stride, size_t columns, int classes, float *planes,
                           size_t stride) {
  for (size_t k = 0; k < (size_t)classes; k++) {
    float *plane = planes + k * stride;
    for (size_t x = 0; x < columns; x++) plane[x] = logits[x * pixel_stride + k];
    plane[columns] = plane[columns - 1];
  }
}

void rm_pixels_planes_s8__scalar(const uint8_t *logits, size_t pixel_stride, size_t columns, int classes, uint8_t flip,
                          int16_t *planes, size_t stride) {
  for (size_t k = 0; k < (size_t)classes; k++) {
    int16_t *plane = planes + k * stride;
    for (size_t x = 0; x < columns; x++) plane[x] = (int8_t)(logits[x * pixel_stride + k] ^ flip);
    plane[columns] = plane[columns - 1];
  }
}

void rm_pixels_lerp_f32__scalar(const float *upper, const float *lower, float fraction, size_t columns, int classes,
                         float *out, size_t stride) {
  for (size_t k = 0; k < (size_t)classes; k++) {
    const float *a = upper + k * stride, *b = lower + k * stride;
    float *value = out + 2 * k * stride, *slope = value + stride;
    for (size_t x = 0; x < columns; x++) {
      const float here = a[x] + (b[x] - a[x]) * fraction;
      const float next = a[x + 1] + (b[x + 1] - a[x + 1]) * fraction;
      value[x] = here;
      slope[x] = next - here;
    }
  }
}

void rm_pixels_lerp_s16__scalar(const int16_t *upper, const int16_t *lower, int unit, int fraction, int gain,
                         size_t columns, int classes, int16_t *out, size_t stride) {
  for (size_t k = 0; k < (size_t)classes; k++) {
    const int16_t *a = upper + k * stride, *b = lower + k * stride;
    int16_t *value = out + 2 * k * stride, *slope = value + stride;
    for (size_t x = 0; x < columns; x++) {
      const int here = a[x] * (unit - fraction) + b[x] * fraction;
      const int next = a[x + 1] * (unit - fraction) + b[x + 1] * fraction;
      value[x] = (int16_t)(here * gain);
      slope[x] = (int16_t)(next - here);
    }
  }
}

void rm_pixels_argmax_f32__scalar(const float *lerped, size_t stride, int classes, const int32_t *first,
                           const float *fraction, size_t columns, uint8_t *labels) {
  for (size_t x = 0; x < columns; x++) {
    const float *at = lerped + first[x];
    float best = at[0] + at[stride] * fraction[x];
    int winner = 0;
    for (int k = 1; k < classes; k++) {
      at += 2 * stride;
      const float score = at[0] + at[stride] * fraction[x];
      if (score > best) {
        best = score;
        winner = k;
      }
    }
    labels[x] = (uint8_t)winner;
  }
}

void rm_pixels_argmax_exact_s16__scalar(const int16_t *lerped, size_t stride, int classes, const int32_t *first,
                                 const int16_t *fraction, size_t columns, uint8_t *labels) {
  for (size_t x = 0; x < columns; x++) {
    const int16_t *at = lerped + first[x];
    int best = at[0] + at[stride] * fraction[x];
    int winner = 0;
    for (int k = 1; k < classes; k++) {
      at += 2 * stride;
      const int score = at[0] + at[stride] * fraction[x];
      if (score > best) {
        best = score;
        winner = k;
      }
    }
    labels[x] = (uint8_t)winner;
  }
}

void rm_pixels_argmax_q15_s16__scalar(const int16_t *lerped, size_t stride, int classes, const int32_t *first,
                               const int16_t *fraction, size_t columns, uint8_t *labels) {
  for (size_t x = 0; x < columns; x++) {
    const int16_t *at = lerped + first[x];
    int best = at[0] + ((at[stride] * fraction[x] + (1 << 14)) >> 15);
    int winner = 0;
    for (int k = 1; k < classes; k++) {
      at += 2 * stride;
      const int score = at[0] + ((at[stride] * fraction[x] + (1 << 14)) >> 15);
      if (score > best) {
        best = score;
        winner = k;
      }
    }
    labels[x] = (uint8_t)winner;
  }
}
