// SPDX-License-Identifier: Apache-2.0
// Local cross-attention, for the vector vocabulary included before: a score is a product of whole vectors, the
// softmax of one pixel lies in a few of them, and the mixture goes through channels a vector at a time.
#pragma once

#include "real_kernels.h"

#if !NATIVE

INLINE float attention_score(const element *a, const element *b, int depth) {
  vec sum = v_all(0);
  int i = 0;
  for (; i + WIDTH <= depth; i += WIDTH) sum = v_fma(v_get(a + i), v_get(b + i), sum);
  if (i < depth) sum = v_fma(v_get_some(a + i, m_first(depth - i)), v_get_some(b + i, m_first(depth - i)), sum);
  return v_sum(sum);
}

// The sum of e^(x - the largest x), which takes the place of each x. Room for whole vectors.
INLINE float attention_weights(float *x, int cells) {
  vec most = v_all(-INFINITY), sum = v_all(0);
  for (int r = cells; r % WIDTH; r++) x[r] = -INFINITY;
  for (int r = 0; r < cells; r += WIDTH) most = v_max(most, v_load(x + r));
  most = v_all(v_greatest(most));
  for (int r = 0; r < cells; r += WIDTH) {
    const mask inside = m_first(cells - r < WIDTH ? cells - r : WIDTH);
    const vec weight = v_select(inside, v_exp(v_sub(v_load(x + r), most)), v_all(0));
    v_store(x + r, weight);
    sum = v_add(sum, weight);
  }
  return v_sum(sum);
}

TARGET void NAME(local_attention)(const rm_real_local_attention *a, ptrdiff_t begin, ptrdiff_t end) {
  const element *keys = a->key, *values = a->value;
  const int reach = a->region / 2, cells = a->region * a->region;
  for (ptrdiff_t unit = begin; unit < end; unit++) {
    const ptrdiff_t picture = unit / a->rows * a->rows * a->columns;
    const int row = (int)(unit % a->rows);
    for (int column = 0; column < a->columns; column++) {
      ptrdiff_t at[RM_ATTENTION_CELLS];
      for (int r = 0; r < cells; r++) {
        const int y = row + r / a->region - reach, x = column + r % a->region - reach;
        at[r] = y < 0 || y >= a->rows || x < 0 || x >= a->columns ? -1 : picture + (ptrdiff_t)y * a->columns + x;
      }
      for (int sub = 0; sub < 4; sub++) {
        const ptrdiff_t pixel = (unit * 2 + sub / 2) * a->columns * 2 + column * 2 + sub % 2;
        const element *query = (const element *)a->query + pixel * a->query_stride;
        element *out = (element *)a->output + pixel * a->out_stride;
        float weights[RM_ATTENTION_CELLS + 15];
        for (int r = 0; r < cells; r++) {
          const float score = at[r] < 0 ? 0 : attention_score(query, keys + at[r] * a->key_stride, a->depth);
          weights[r] = score * a->scale + (a->bias ? a->bias[sub * cells + r] : 0);
        }
        const vec share = v_all(1 / attention_weights(weights, cells));
        for (int c = 0; c < a->channels; c += WIDTH) {
          const mask some = m_first(a->channels - c < WIDTH ? a->channels - c : WIDTH);
          vec total = v_all(0);
          for (int r = 0; r < cells; r++)
            if (at[r] >= 0) total = v_fma(v_get_some(values + at[r] * a->value_stride + c, some), v_all(weights[r]), total);
          v_put_some(out + c, some, v_mul(total, share));
        }
      }
    }
  }
}
#endif
