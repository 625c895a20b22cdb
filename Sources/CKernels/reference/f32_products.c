// SPDX-License-Identifier: Apache-2.0
#include "f32.h"

void rm_f32_matmul__scalar(const rm_f32_matmul *p, ptrdiff_t begin, ptrdiff_t end) {
  for (ptrdiff_t unit = begin; unit < end; unit++) {
    const ptrdiff_t index = unit / p->m, row = unit % p->m;
    const float *a = p->a + index * p->a_batch_stride + row * p->k;
    const float *b = p->b + index * p->b_batch_stride;
    float *out = p->output + unit * p->n;
    for (int j = 0; j < p->n; j++) out[j] = 0;
    for (ptrdiff_t k = 0; k < p->k; k++)
      for (int j = 0; j < p->n; j++) out[j] += a[k] * b[k * p->n + j];
  }
}

void rm_f32_quantize__scalar(const rm_f32_quantize *q, ptrdiff_t begin, ptrdiff_t end) {
  const float low = q->is_signed ? -128 : 0, high = q->is_signed ? 127 : 255;
  for (ptrdiff_t outer = begin; outer < end; outer++) {
    for (ptrdiff_t i = 0; i < q->extent * q->inner; i++) {
      const ptrdiff_t at = outer * q->extent * q->inner + i, channel = i / q->inner;
      float stored = rintf(((const float *)q->input)[at] / q->scales[channel]) + (float)q->zero_points[channel];
      if (!(stored > low)) stored = low;
      if (stored > high) stored = high;
      ((uint8_t *)q->output)[at] = (uint8_t)(int)stored;
    }
  }
}

void rm_f32_dequantize__scalar(const rm_f32_quantize *q, ptrdiff_t begin, ptrdiff_t end) {
  for (ptrdiff_t outer = begin; outer < end; outer++) {
    for (ptrdiff_t i = 0; i < q->extent * q->inner; i++) {
      const ptrdiff_t at = outer * q->extent * q->inner + i, channel = i / q->inner;
      const int stored = q->is_signed ? ((const int8_t *)q->input)[at] : ((const uint8_t *)q->input)[at];
      ((float *)q->output)[at] = (float)(stored - q->zero_points[channel]) * q->scales[channel];
    }
  }
}
