// SPDX-License-Identifier: Apache-2.0
// Depthwise convolution, 8 channels at a time: activations and weights as s16, smlal into s32. Two output pixels go
// together, so that each weight is loaded once for both.
//
// Packed: for each 8 channels bias [8], multiplier [8], weights [taps][8] s16.
#if defined(__aarch64__)
#define TARGET
#include "int8_neon.inc"

static size_t block_bytes(const rm_int8_conv_shape *s) {
  return 64 + 16 * (size_t)(s->kernel_rows * s->kernel_columns);
}

size_t rm_int8_dwconv_packed_bytes__neon(const rm_int8_conv_shape *s) {
  return (size_t)((s->out_channels + 7) / 8) * block_bytes(s);
}

void rm_int8_dwconv_pack__neon(const rm_int8_conv_shape *s, const rm_int8_conv_weights *from, void *packed) {
  const int32_t taps = s->kernel_rows * s->kernel_columns;
  uint8_t *at = packed;
  memset(packed, 0, rm_int8_dwconv_packed_bytes__neon(s));
  for (int32_t first = 0; first < s->out_channels; first += 8, at += block_bytes(s)) {
    int32_t *bias = (int32_t *)at;
    float *multiplier = (float *)(bias + 8);
    int16_t *weights = (int16_t *)(multiplier + 8);
    for (int32_t i = 0; i < 8 && first + i < s->out_channels; i++) {
      uint32_t sum = from->bias ? (uint32_t)from->bias[first + i] : 0;
      for (int32_t tap = 0; tap < taps; tap++) {
        const int8_t value = from->weights[(first + i) * taps + tap];
        weights[8 * tap + i] = value;
        sum -= (uint32_t)(from->in_zero * value);
      }
      bias[i] = (int32_t)sum;
      multiplier[i] = from->multiplier[first + i];
    }
  }
}

// Pointers to the pixels under the taps of output pixel (row, column), or to the pad.
static void point(const rm_int8_conv_call *call, int32_t row, int32_t column, const uint8_t **to) {
  const rm_int8_conv_shape *s = &call->shape;
  for (int32_t ky = 0; ky < s->kernel_rows; ky++) {
    const int32_t y = row * s->stride_rows - s->pad_top + ky * s->dilation_rows;
    for (int32_t kx = 0; kx < s->kernel_columns; kx++, to++) {
      const int32_t x = column * s->stride_columns - s->pad_left + kx * s->dilation_columns;
      const int outside = y < 0 || y >= s->in_rows || x < 0 || x >= s->in_columns;
      *to = outside ? call->pad : call->in + ((ptrdiff_t)y * s->in_columns + x) * call->in_pixel;
    }
  }
}

INLINE int16x8_t wide(const uint8_t *at) { return vreinterpretq_s16_u16(vmovl_u8(vld1_u8(at))); }

// Two output pixels of all channels; the second one counts where `both`.
INLINE void pair(const rm_int8_conv_call *call, const uint8_t *const *under_a, const uint8_t *const *under_b,
                 const int32_t taps, const int both, uint8_t *out) {
  const int32_t channels = call->shape.out_channels;
  const rm_rule8 rule = rm_make_rule8(call->out_zero, call->low, call->high);
  const uint8_t *at = call->packed;
  for (int32_t c = 0; c < channels; c += 8) {
    const int32_t *bias = (const int32_t *)at;
    const float *multiplier = (const float *)(bias + 8);
    const int16_t *w = (const int16_t *)(multiplier + 8);
    int32x4_t a_low = vld1q_s32(bias), a_high = vld1q_s32(bias + 4), b_low = a_low, b_high = a_high;
    for (int32_t tap = 0; tap < taps; tap++, w += 8) {
      const int16x8_t weights = vld1q_s16(w), a = wide(under_a[tap] + c), b = wide(under_b[tap] + c);
      a_low = vmlal_s16(a_low, vget_low_s16(a), vget_low_s16(weights));
      a_high = vmlal_high_s16(a_high, a, weights);
      b_low = vmlal_s16(b_low, vget_low_s16(b), vget_low_s16(weights));
      b_high = vmlal_high_s16(b_high, b, weights);
    }
    const float32x4_t m_low = vld1q_f32(multiplier), m_high = vld1q_f32(multiplier + 4);
    rm_store8(out + c, rm_requantize8(a_low, a_high, m_low, m_high, &rule), channels - c);
    if (both)
      rm_store8(out + call->out_pixel + c, rm_requantize8(b_low, b_high, m_low, m_high, &rule), channels - c);
    at = (const uint8_t *)w;
  }
}

void rm_int8_dwconv__neon(const rm_int8_conv_call *call, ptrdiff_t row_begin, ptrdiff_t row_end) {
  rm_int8_dwconv_expect(call, row_begin, row_end);
  const rm_int8_conv_shape *s = &call->shape;
  const int32_t taps = s->kernel_rows * s->kernel_columns;
  const uint8_t *under[2][RM_INT8_DWCONV_TAPS];
  uint8_t *out = call->out + row_begin * s->out_columns * call->out_pixel;
  for (int32_t row = (int32_t)row_begin; row < row_end; row++) {
    for (int32_t column = 0; column < s->out_columns; column += 2) {
      const int both = column + 1 < s->out_columns;
      point(call, row, column, under[0]);
      point(call, row, column + both, under[1]);
      if (taps == 9)
        pair(call, under[0], under[1], 9, both, out);
      else
        pair(call, under[0], under[1], taps, both, out);
      out += (1 + both) * call->out_pixel;
    }
  }
}
#endif
