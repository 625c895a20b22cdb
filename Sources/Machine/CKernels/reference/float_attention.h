// SPDX-License-Identifier: Apache-2.0
// Included by one file for each storage.
#include "float.h"

void NAME(local_attention)(const rm_float_local_attention *a, ptrdiff_t begin, ptrdiff_t end) {
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
          for (int i = 0; at[r] >= 0 && i < a->depth; i++)
            score += get(query[i]) * get(keys[at[r] * a->key_stride + i]);
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

#if !HALF
static float product(const float *a, const float *b, int depth) {
  float sum = 0;
  for (int i = 0; i < depth; i++) sum += a[i] * b[i];
  return sum;
}

void NAME(global_attention)(const rm_float_global_attention *a, ptrdiff_t begin, ptrdiff_t end) {
  const float *keys = a->key, *values = a->value;
  for (ptrdiff_t unit = begin; unit < end; unit++) {
    const ptrdiff_t picture = unit / a->pixels * a->pixels;
    const float *query = (const float *)a->query + unit * a->query_stride;
    float *out = (float *)a->output + unit * a->out_stride;
    float largest = -INFINITY, sum = 0;
    for (ptrdiff_t n = picture; n < picture + a->pixels; n++) {
      const float score = product(query, keys + n * a->key_stride, a->depth) * a->scale;
      if (score > largest) largest = score;
    }
    for (int c = 0; c < a->channels; c++) out[c] = 0;
    for (ptrdiff_t n = picture; n < picture + a->pixels; n++) {
      const float weight = rm_exp(product(query, keys + n * a->key_stride, a->depth) * a->scale - largest);
      sum += weight;
      for (int c = 0; c < a->channels; c++) out[c] += weight * values[n * a->value_stride + c];
    }
    for (int c = 0; c < a->channels; c++) out[c] /= sum;
  }
}
#endif
