// SPDX-License-Identifier: Apache-2.0
// Included by one file for each storage.
#include "float.h"

void NAME(matmul)(const rm_float_matmul *p, ptrdiff_t begin, ptrdiff_t end) {
  for (ptrdiff_t unit = begin; unit < end; unit++) {
    const ptrdiff_t index = unit / p->m, row = unit % p->m;
    const element *a = (const element *)p->a + index * p->a_batch_stride + row * p->k;
    const element *b = (const element *)p->b + index * p->b_batch_stride;
    element *out = (element *)p->output + unit * p->n;
    for (int j = 0; j < p->n; j++) {
      float sum = 0;
      for (ptrdiff_t k = 0; k < p->k; k++) sum += get(a[k]) * get(b[k * p->n + j]);
      out[j] = put(sum);
    }
  }
}

void NAME(quantize)(const rm_float_quantize *q, ptrdiff_t begin, ptrdiff_t end) {
  const float low = q->is_signed ? -128 : 0, high = q->is_signed ? 127 : 255;
  for (ptrdiff_t outer = begin; outer < end; outer++) {
    for (ptrdiff_t i = 0; i < q->extent * q->inner; i++) {
      const ptrdiff_t at = outer * q->extent * q->inner + i, channel = i / q->inner;
      float stored = rintf(get(((const element *)q->input)[at]) / q->scales[channel]) + (float)q->zero_points[channel];
      if (!(stored > low)) stored = low;
      if (stored > high) stored = high;
      ((uint8_t *)q->output)[at] = (uint8_t)(int)stored;
    }
  }
}

void NAME(dequantize)(const rm_float_quantize *q, ptrdiff_t begin, ptrdiff_t end) {
  for (ptrdiff_t outer = begin; outer < end; outer++) {
    for (ptrdiff_t i = 0; i < q->extent * q->inner; i++) {
      const ptrdiff_t at = outer * q->extent * q->inner + i, channel = i / q->inner;
      const int stored = q->is_signed ? ((const int8_t *)q->input)[at] : ((const uint8_t *)q->input)[at];
      ((element *)q->output)[at] = put((float)(stored - q->zero_points[channel]) * q->scales[channel]);
    }
  }
}
