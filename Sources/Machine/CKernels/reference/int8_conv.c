// SPDX-License-Identifier: Apache-2.0
#include "../int8.h"

// Packed: bias with the zero point folded in [out], multiplier [out], weights as given.
typedef struct {
  const int32_t *bias;
  const float *multiplier;
  const int8_t *weights;
} unpacked;

static unpacked open_packed(const void *packed, int32_t channels) {
  const int32_t *bias = packed;
  const float *multiplier = (const float *)(bias + channels);
  return (unpacked){bias, multiplier, (const int8_t *)(multiplier + channels)};
}

static size_t packed_bytes(int32_t channels, size_t terms) { return (size_t)channels * (8 + terms); }

static void pack(int32_t channels, size_t terms, const rm_int8_conv_weights *from, void *packed) {
  int32_t *bias = packed;
  float *multiplier = (float *)(bias + channels);
  for (int32_t c = 0; c < channels; c++) {
    uint32_t sum = from->bias ? (uint32_t)from->bias[c] : 0;
    for (size_t i = 0; i < terms; i++) sum -= (uint32_t)(from->in_zero * from->weights[(size_t)c * terms + i]);
    bias[c] = (int32_t)sum;
    multiplier[c] = from->multiplier[c];
  }
  memcpy(multiplier + channels, from->weights, (size_t)channels * terms);
}

static size_t dense_terms(const rm_int8_conv_shape *s) {
  return (size_t)s->kernel_rows * (size_t)s->kernel_columns * (size_t)s->in_channels;
}

static size_t depthwise_terms(const rm_int8_conv_shape *s) {
  return (size_t)s->kernel_rows * (size_t)s->kernel_columns;
}

// The pixel under tap (ky, kx) of an output pixel; a pixel of zero points outside the map.
static const uint8_t *under(const rm_int8_conv_call *call, int32_t row, int32_t column, int32_t ky, int32_t kx) {
  const rm_int8_conv_shape *s = &call->shape;
  const int32_t y = row * s->stride_rows - s->pad_top + ky * s->dilation_rows;
  const int32_t x = column * s->stride_columns - s->pad_left + kx * s->dilation_columns;
  if (y < 0 || y >= s->in_rows || x < 0 || x >= s->in_columns) return call->pad;
  return call->in + ((ptrdiff_t)y * s->in_columns + x) * call->in_pixel;
}

size_t rm_int8_conv_packed_bytes__scalar(const rm_int8_conv_shape *s) {
  return packed_bytes(s->out_channels, dense_terms(s));
}

void rm_int8_conv_pack__scalar(const rm_int8_conv_shape *s, const rm_int8_conv_weights *from, void *packed) {
  pack(s->out_channels, dense_terms(s), from, packed);
}

void rm_int8_conv__scalar(const rm_int8_conv_call *call, ptrdiff_t row_begin, ptrdiff_t row_end) {
  rm_int8_conv_expect(call, row_begin, row_end);
  const rm_int8_conv_shape *s = &call->shape;
  const unpacked p = open_packed(call->packed, s->out_channels);
  for (int32_t row = (int32_t)row_begin; row < row_end; row++) {
    for (int32_t column = 0; column < s->out_columns; column++) {
      const ptrdiff_t pixel = (ptrdiff_t)row * s->out_columns + column;
      for (int32_t n = 0; n < s->out_channels; n++) {
        uint32_t sum = (uint32_t)p.bias[n];
        const int8_t *w = p.weights + (size_t)n * dense_terms(s);
        for (int32_t ky = 0; ky < s->kernel_rows; ky++) {
          for (int32_t kx = 0; kx < s->kernel_columns; kx++) {
            const uint8_t *x = under(call, row, column, ky, kx);
            for (int32_t c = 0; c < s->in_channels; c++) sum += (uint32_t)(x[c] * *w++);
          }
        }
        uint8_t q = rm_int8_requantize((int32_t)sum, p.multiplier[n], call->out_zero, call->low, call->high);
        if (call->residual) q = rm_int8_apply(&call->join, q, call->residual[pixel * call->residual_pixel + n]);
        call->out[pixel * call->out_pixel + n] = q;
      }
    }
  }
}

size_t rm_int8_dwconv_packed_bytes__scalar(const rm_int8_conv_shape *s) {
  return packed_bytes(s->out_channels, depthwise_terms(s));
}

void rm_int8_dwconv_pack__scalar(const rm_int8_conv_shape *s, const rm_int8_conv_weights *from, void *packed) {
  pack(s->out_channels, depthwise_terms(s), from, packed);
}

void rm_int8_dwconv__scalar(const rm_int8_conv_call *call, ptrdiff_t row_begin, ptrdiff_t row_end) {
  rm_int8_dwconv_expect(call, row_begin, row_end);
  const rm_int8_conv_shape *s = &call->shape;
  const unpacked p = open_packed(call->packed, s->out_channels);
  for (int32_t row = (int32_t)row_begin; row < row_end; row++) {
    for (int32_t column = 0; column < s->out_columns; column++) {
      uint8_t *out = call->out + ((ptrdiff_t)row * s->out_columns + column) * call->out_pixel;
      for (int32_t c = 0; c < s->out_channels; c++) {
        uint32_t sum = (uint32_t)p.bias[c];
        const int8_t *w = p.weights + (size_t)c * depthwise_terms(s);
        for (int32_t ky = 0; ky < s->kernel_rows; ky++)
          for (int32_t kx = 0; kx < s->kernel_columns; kx++)
            sum += (uint32_t)(under(call, row, column, ky, kx)[c] * *w++);
        out[c] = rm_int8_requantize((int32_t)sum, p.multiplier[c], call->out_zero, call->low, call->high);
      }
    }
  }
}
