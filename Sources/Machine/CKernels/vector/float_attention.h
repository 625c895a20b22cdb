// SPDX-License-Identifier: Apache-2.0
// Local cross-attention, for the vector vocabulary included before: a score is a product of whole vectors, the
// softmax of one pixel lies in a few of them, and the mixture goes through channels a vector at a time.
#pragma once

#include "float_kernels.h"

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

TARGET void NAME(local_attention)(const rm_float_local_attention *a, ptrdiff_t begin, ptrdiff_t end) {
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
            if (at[r] >= 0)
              total = v_fma(v_get_some(values + at[r] * a->value_stride + c, some), v_all(weights[r]), total);
          v_put_some(out + c, some, v_mul(total, share));
        }
      }
    }
  }
}

#if !HALF
// Pixels that share what is read of keys and values.
#define ATTENTION_GROUP 4
// Pixels whose weights are at hand at a time; a multiple of every WIDTH.
#define ATTENTION_BLOCK 64

// scores[j][n] of a block of keys.
INLINE void attention_block(const rm_float_global_attention *a, const float *const query[ATTENTION_GROUP],
                            const float *key, int count, float scores[ATTENTION_GROUP][ATTENTION_BLOCK]) {
  for (int n = 0; n < count; n++, key += a->key_stride) {
    vec sums[ATTENTION_GROUP];
    UNROLL for (int j = 0; j < ATTENTION_GROUP; j++) sums[j] = v_all(0);
    for (int i = 0; i < a->depth; i += WIDTH) {
      const mask some = m_first(a->depth - i < WIDTH ? a->depth - i : WIDTH);
      const vec k = v_get_some(key + i, some);
      UNROLL for (int j = 0; j < ATTENTION_GROUP; j++) sums[j] = v_fma(v_get_some(query[j] + i, some), k, sums[j]);
    }
    UNROLL for (int j = 0; j < ATTENTION_GROUP; j++) scores[j][n] = v_sum(sums[j]) * a->scale;
  }
  for (int n = count; n % WIDTH; n++)
    for (int j = 0; j < ATTENTION_GROUP; j++) scores[j][n] = -INFINITY;
}

// Of the first `pixels` of a group, in a picture whose keys and values begin at `key` and `value`.
INLINE void attention_group(const rm_float_global_attention *a, const float *key, const float *value,
                            const float *const query[ATTENTION_GROUP], float *const out[ATTENTION_GROUP], int pixels) {
  float weights[ATTENTION_GROUP][ATTENTION_BLOCK];
  vec most[ATTENTION_GROUP], sum[ATTENTION_GROUP];
  for (int j = 0; j < ATTENTION_GROUP; j++) {
    most[j] = v_all(-INFINITY);
    sum[j] = v_all(0);
  }
  for (int j = 0; j < pixels; j++)
    for (int c = 0; c < a->channels; c++) out[j][c] = 0;
  for (int n = 0; n < a->pixels; n += ATTENTION_BLOCK) {
    const int count = a->pixels - n < ATTENTION_BLOCK ? a->pixels - n : ATTENTION_BLOCK;
    attention_block(a, query, key + n * a->key_stride, count, weights);
    for (int j = 0; j < ATTENTION_GROUP; j++)
      for (int i = 0; i < count; i += WIDTH) most[j] = v_max(most[j], v_load(weights[j] + i));
  }
  for (int j = 0; j < ATTENTION_GROUP; j++) most[j] = v_all(v_greatest(most[j]));
  for (int n = 0; n < a->pixels; n += ATTENTION_BLOCK) {
    const int count = a->pixels - n < ATTENTION_BLOCK ? a->pixels - n : ATTENTION_BLOCK;
    attention_block(a, query, key + n * a->key_stride, count, weights);
    for (int j = 0; j < ATTENTION_GROUP; j++) {
      for (int i = 0; i < count; i += WIDTH) {
        const mask inside = m_first(count - i < WIDTH ? count - i : WIDTH);
        const vec weight = v_select(inside, v_exp(v_sub(v_load(weights[j] + i), most[j])), v_all(0));
        v_store(weights[j] + i, weight);
        sum[j] = v_add(sum[j], weight);
      }
    }
    for (int c = 0; c < a->channels; c += WIDTH) {
      const mask some = m_first(a->channels - c < WIDTH ? a->channels - c : WIDTH);
      const float *v = value + n * a->value_stride + c;
      vec totals[ATTENTION_GROUP];
      UNROLL for (int j = 0; j < ATTENTION_GROUP; j++) totals[j] = v_get_some(out[j] + c, some);
      for (int i = 0; i < count; i++, v += a->value_stride) {
        const vec x = v_get_some(v, some);
        UNROLL for (int j = 0; j < ATTENTION_GROUP; j++) totals[j] = v_fma(x, v_all(weights[j][i]), totals[j]);
      }
      for (int j = 0; j < pixels; j++) v_put_some(out[j] + c, some, totals[j]);
    }
  }
  for (int j = 0; j < pixels; j++) {
    const float share = 1 / v_sum(sum[j]);
    for (int c = 0; c < a->channels; c++) out[j][c] *= share;
  }
}

TARGET void NAME(global_attention)(const rm_float_global_attention *a, ptrdiff_t begin, ptrdiff_t end) {
  const float *queries = a->query, *keys = a->key, *values = a->value;
  while (begin < end) {
    const ptrdiff_t first = begin / a->pixels * a->pixels, last = first + a->pixels < end ? first + a->pixels : end;
    const int pixels = last - begin < ATTENTION_GROUP ? (int)(last - begin) : ATTENTION_GROUP;
    const float *query[ATTENTION_GROUP];
    float *out[ATTENTION_GROUP];
    for (int j = 0; j < ATTENTION_GROUP; j++) {
      const ptrdiff_t pixel = begin + (j < pixels ? j : 0);
      query[j] = queries + pixel * a->query_stride;
      out[j] = (float *)a->output + pixel * a->out_stride;
    }
    attention_group(a, keys + first * a->key_stride, values + first * a->value_stride, query, out, pixels);
    begin += pixels;
  }
}
#endif
#endif
