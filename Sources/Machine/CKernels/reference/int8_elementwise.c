// SPDX-License-Identifier: Apache-2.0
#include "../int8.h"

void rm_int8_combine__scalar(const rm_int8_combine_call *call, ptrdiff_t row_begin, ptrdiff_t row_end) {
  rm_int8_combine_expect(call, row_begin, row_end);
  const ptrdiff_t end = row_end * call->columns;
  for (ptrdiff_t p = row_begin * call->columns; p < end; p++) {
    const uint8_t *a = call->a + p * call->a_pixel;
    const uint8_t *b = call->b ? call->b + p * call->b_pixel : NULL;
    uint8_t *out = call->out + p * call->out_pixel;
    for (int32_t c = 0; c < call->channels; c++) out[c] = rm_int8_apply(&call->rule, a[c], b ? b[c] : 0);
  }
}

void rm_int8_mul__scalar(const rm_int8_mul_call *call, ptrdiff_t row_begin, ptrdiff_t row_end) {
  rm_int8_mul_expect(call, row_begin, row_end);
  const ptrdiff_t end = row_end * call->columns;
  for (ptrdiff_t p = row_begin * call->columns; p < end; p++) {
    const uint8_t *a = call->a + p * call->a_pixel;
    const uint8_t *b = call->b_shape == RM_INT8_CHANNELS ? call->b : call->b + p * call->b_pixel;
    uint8_t *out = call->out + p * call->out_pixel;
    for (int32_t c = 0; c < call->channels; c++) {
      const int32_t weight = b[call->b_shape == RM_INT8_PIXELS ? 0 : c] - call->b_zero;
      out[c] = rm_int8_requantize((a[c] - call->a_zero) * weight, call->multiplier, call->out_zero, call->low,
                                  call->high);
    }
  }
}

void rm_int8_table__scalar(const rm_int8_table_call *call, ptrdiff_t row_begin, ptrdiff_t row_end) {
  rm_int8_table_expect(call, row_begin, row_end);
  const ptrdiff_t end = row_end * call->columns;
  for (ptrdiff_t p = row_begin * call->columns; p < end; p++) {
    const uint8_t *in = call->in + p * call->in_pixel;
    uint8_t *out = call->out + p * call->out_pixel;
    for (int32_t c = 0; c < call->channels; c++) out[c] = call->table[in[c]];
  }
}

void rm_int8_softmax__scalar(const rm_int8_softmax_call *call, ptrdiff_t row_begin, ptrdiff_t row_end) {
  rm_int8_softmax_expect(call, row_begin, row_end);
  const ptrdiff_t end = row_end * call->columns;
  for (ptrdiff_t p = row_begin * call->columns; p < end; p++) {
    uint16_t weights[RM_INT8_SOFTMAX_CHANNELS];
    rm_int8_weigh(call->in + p * call->in_pixel, call->channels, call->table, weights);
    for (int32_t c = 0; c < call->channels; c++)
      call->out[p * call->out_pixel + c] = (uint8_t)(weights[c] < 255 ? weights[c] : 255);
  }
}

void rm_int8_quantize__scalar(const rm_int8_quantize_call *call, ptrdiff_t begin, ptrdiff_t end) {
  rm_int8_quantize_expect(call, begin, end);
  const float low = (float)(call->low - call->zero), high = (float)(call->high - call->zero);
  for (ptrdiff_t i = begin; i < end; i++) {
    float value = call->in[i] / call->scale;
    value = value > low ? value : low;
    value = value < high ? value : high;
    call->out[i] = (uint8_t)((int32_t)lrintf(value) + call->zero);
  }
}

void rm_int8_dequantize__scalar(const rm_int8_dequantize_call *call, ptrdiff_t begin, ptrdiff_t end) {
  rm_int8_dequantize_expect(call, begin, end);
  for (ptrdiff_t i = begin; i < end; i++) call->out[i] = call->scale * (float)(call->in[i] - call->zero);
}
