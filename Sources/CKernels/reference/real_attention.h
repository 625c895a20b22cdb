// SPDX-License-Identifier: Apache-2.0
// Included by one file for each storage.
#include "real.h"

void NAME(local_attention)(const rm_real_local_attention *a, ptrdiff_t begin, ptrdiff_t end) {
  const element *keys = a->key, *values = a->value;
  const int reach = a->region / 2, cells = a->region * a->region;
  for (ptrdiff_t unit = begin; unit < end; unit++) {
    const ptrdiff_t picture = unit / a->rows * a->rows * a->columns;
    const int row = (int)(unit % a->rows);
    for (int column = 0; column < a->columns; column++) {
      for (int sub = 0; sub < 4; sub++) {
        const ptrdiff_t pixel = (unit * 2 + sub / 2) * a->columns * 2 + column * 2 + sub % 2;
        const element *query = (const element *)a->query + pixel * a->query_stride;
        element *out = (element *)a->output + pixel * a->out_stride;
        float weights[RM_ATTENTION_CELLS], largest = -INFINITY, sum = 0;
        ptrdiff_t at[RM_ATTENTION_CELLS];
        for (int r = 0; r < cells; r++) {
          const int y = row + r / a->region - reach, x = column + r % a->region - reach;
          at[r] = y < 0 || y >= a->rows || x < 0 || x >= a->columns ? -1 : picture + (ptrdiff_t)y * a->columns + x;
          float score = 0;
          for (int i = 0; at[r] >= 0 && i < a->depth; i++) score += get(query[i]) * get(keys[at[r] * a->key_stride + i]);
          weights[r] = score * a->scale + (a->bias ? a->bias[sub * cells + r] : 0);
          if (weights[r] > largest) largest = weights[r];
        }
        for (int r = 0; r < cells; r++) sum += weights[r] = rm_exp(weights[r] - largest);
        for (int c = 0; c < a->channels; c++) {
          float total = 0;
          for (int r = 0; r < cells; r++)
            if (at[r] >= 0) total += weights[r] * get(values[at[r] * a->value_stride + c]);
          out[c] = put(total / sum);
        }
      }
    }
  }
}
