// SPDX-License-Identifier: Apache-2.0
#include "../int8.h"

void rm_int8_matmul__scalar(const rm_int8_matmul_call *call, ptrdiff_t begin, ptrdiff_t end) {
  rm_int8_matmul_expect(call, begin, end);
  const ptrdiff_t last = end * RM_INT8_MATMUL_ROWS;
  for (ptrdiff_t r = begin * RM_INT8_MATMUL_ROWS; r < last && r < call->rows; r++) {
    const uint8_t *a = call->a + r * call->a_row;
    for (int32_t n = 0; n < call->columns; n++) {
      uint32_t sum = 0;
      for (int32_t k = 0; k < call->depth; k++)
        sum += (uint32_t)((a[k] - call->a_zero) * (call->b[k * call->b_row + n] - call->b_zero));
      call->out[r * call->out_row + n] =
          rm_int8_requantize((int32_t)sum, call->multiplier, call->out_zero, call->low, call->high);
    }
  }
}

void rm_int8_fill__scalar(const rm_int8_fill_call *call, ptrdiff_t begin, ptrdiff_t end) {
  rm_int8_fill_expect(call, begin, end);
  memset(call->out + begin, call->value, (size_t)(end - begin));
}
