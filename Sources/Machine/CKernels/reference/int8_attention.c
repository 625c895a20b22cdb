// SPDX-License-Identifier: Apache-2.0
#include "../int8.h"

void rm_int8_local_attention__scalar(const rm_int8_local_attention_call *call, ptrdiff_t row_begin, ptrdiff_t row_end) {
  rm_int8_local_attention_expect(call, row_begin, row_end);
  const int32_t reach = call->region / 2, cells = call->region * call->region;
  for (int32_t row = (int32_t)row_begin; row < row_end; row++) {
    for (int32_t column = 0; column < call->columns; column++) {
      ptrdiff_t at[RM_INT8_LOCAL_CELLS];
      for (int32_t r = 0; r < cells; r++) {
        const int32_t y = row + r / call->region - reach, x = column + r % call->region - reach;
        const int outside = y < 0 || y >= call->rows || x < 0 || x >= call->columns;
        at[r] = outside ? -1 : (ptrdiff_t)y * call->columns + x;
      }
      for (int32_t sub = 0; sub < 4; sub++) {
        const ptrdiff_t pixel = ((ptrdiff_t)row * 2 + sub / 2) * call->columns * 2 + column * 2 + sub % 2;
        const uint8_t *query = call->query + pixel * call->query_pixel;
        uint8_t *out = call->out + pixel * call->out_pixel;
        int32_t steps[RM_INT8_LOCAL_CELLS];
        for (int32_t r = 0; r < cells; r++) {
          const uint8_t *key = call->key + at[r] * call->key_pixel;
          int32_t score = 0;
          for (int32_t i = 0; at[r] >= 0 && i < call->depth; i++)
            score += (query[i] - call->query_zero) * (key[i] - call->key_zero);
          steps[r] = (int32_t)lrintf((float)score * call->multiplier) + call->bias[sub * cells + r];
        }
        uint16_t weights[RM_INT8_LOCAL_CELLS];
        rm_int8_weigh_steps(steps, cells, 1, call->table, weights);
        for (int32_t c = 0; c < call->channels; c++) {
          int32_t sum = 128;
          for (int32_t r = 0; r < cells; r++)
            sum += weights[r] * (at[r] < 0 ? call->value_zero : call->value[at[r] * call->value_pixel + c]);
          out[c] = (uint8_t)(sum >> 8);
        }
      }
    }
  }
}

static int32_t global_step(const rm_int8_global_attention_call *call, const uint8_t *query, int32_t n) {
  const uint8_t *key = call->key + n * call->key_pixel;
  int32_t score = 0;
  for (int32_t i = 0; i < call->depth; i++) score += (query[i] - call->query_zero) * (key[i] - call->key_zero);
  return (int32_t)lrintf((float)score * call->multiplier);
}

void rm_int8_global_attention__scalar(const rm_int8_global_attention_call *call, ptrdiff_t begin, ptrdiff_t end) {
  rm_int8_global_attention_expect(call, begin, end);
  for (ptrdiff_t p = begin; p < end; p++) {
    const uint8_t *query = call->query + p * call->query_pixel;
    uint8_t *out = call->out + p * call->out_pixel;
    int32_t largest = INT32_MIN;
    for (int32_t n = 0; n < call->pixels; n++) {
      const int32_t step = global_step(call, query, n);
      if (step > largest) largest = step;
    }
    int64_t sum = 0, totals[RM_INT8_ATTENTION_CHANNELS] = {0};
    for (int32_t n = 0; n < call->pixels; n++) {
      const int32_t below = largest - global_step(call, query, n);
      const int32_t weight = below < RM_INT8_EXPONENTS ? call->table[below] : 0;
      sum += weight;
      for (int32_t c = 0; c < call->channels; c++) totals[c] += weight * call->value[n * call->value_pixel + c];
    }
    for (int32_t c = 0; c < call->channels; c++) out[c] = (uint8_t)((totals[c] + sum / 2) / sum);
  }
}
