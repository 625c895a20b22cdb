// SPDX-License-Identifier: Apache-2.0
// Included by one file for each storage.
#include "float.h"

typedef float (*operation)(float, float);
static float plus(float a, float b) { return a + b; }
static float minus(float a, float b) { return a - b; }
static float times(float a, float b) { return a * b; }
static float over(float a, float b) { return a / b; }

static void binary(const rm_float_binary *n, ptrdiff_t begin, ptrdiff_t end, operation apply) {
  const int inner = n->rank - 1;
  for (ptrdiff_t unit = begin; unit < end; unit++) {
    const element *a = n->a, *b = n->b;
    ptrdiff_t rest = unit;
    for (int axis = inner - 1; axis >= 0; axis--) {
      a += rest % n->extents[axis] * n->a_strides[axis];
      b += rest % n->extents[axis] * n->b_strides[axis];
      rest /= n->extents[axis];
    }
    element *out = (element *)n->output + unit * n->extents[inner];
    for (ptrdiff_t i = 0; i < n->extents[inner]; i++)
      out[i] = put(rm_clamp(apply(get(a[i * n->a_strides[inner]]), get(b[i * n->b_strides[inner]])), n->low, n->high));
  }
}

void NAME(add)(const rm_float_binary *n, ptrdiff_t begin, ptrdiff_t end) { binary(n, begin, end, plus); }
void NAME(sub)(const rm_float_binary *n, ptrdiff_t begin, ptrdiff_t end) { binary(n, begin, end, minus); }
void NAME(mul)(const rm_float_binary *n, ptrdiff_t begin, ptrdiff_t end) { binary(n, begin, end, times); }
void NAME(div)(const rm_float_binary *n, ptrdiff_t begin, ptrdiff_t end) { binary(n, begin, end, over); }

static ptrdiff_t block_end(ptrdiff_t count, ptrdiff_t end) {
  return end * RM_FLOAT_BLOCK < count ? end * RM_FLOAT_BLOCK : count;
}

enum { CLAMP, SIGMOID, HARD_SIGMOID, HARD_SWISH };

static float curve(int what, float x, float a, float b) {
  switch (what) {
    case CLAMP: return rm_clamp(x, a, b);
    case SIGMOID: return rm_sigmoid(x);
    case HARD_SIGMOID: return rm_clamp(a * x + b, 0, 1);
    default: return x * rm_clamp(x * (1.0f / 6) + 0.5f, 0, 1);
  }
}

static void unary(const rm_float_unary *n, ptrdiff_t begin, ptrdiff_t end, int what) {
  for (ptrdiff_t i = begin * RM_FLOAT_BLOCK; i < block_end(n->count, end); i++)
    ((element *)n->output)[i] = put(curve(what, get(((const element *)n->input)[i]), n->a, n->b));
}

void NAME(clamp)(const rm_float_unary *n, ptrdiff_t begin, ptrdiff_t end) { unary(n, begin, end, CLAMP); }
void NAME(sigmoid)(const rm_float_unary *n, ptrdiff_t begin, ptrdiff_t end) { unary(n, begin, end, SIGMOID); }
void NAME(hard_sigmoid)(const rm_float_unary *n, ptrdiff_t begin, ptrdiff_t end) { unary(n, begin, end, HARD_SIGMOID); }
void NAME(hard_swish)(const rm_float_unary *n, ptrdiff_t begin, ptrdiff_t end) { unary(n, begin, end, HARD_SWISH); }

void NAME(softmax)(const rm_float_softmax *n, ptrdiff_t begin, ptrdiff_t end) {
  for (ptrdiff_t outer = begin; outer < end; outer++) {
    for (ptrdiff_t inner = 0; inner < n->inner; inner++) {
      const element *in = (const element *)n->input + outer * n->extent * n->inner + inner;
      element *out = (element *)n->output + outer * n->extent * n->inner + inner;
      float greatest = get(in[0]), sum = 0;
      for (ptrdiff_t i = 1; i < n->extent; i++)
        if (get(in[i * n->inner]) > greatest) greatest = get(in[i * n->inner]);
      for (ptrdiff_t i = 0; i < n->extent; i++) sum += rm_exp(get(in[i * n->inner]) - greatest);
      for (ptrdiff_t i = 0; i < n->extent; i++)
        out[i * n->inner] = put(rm_exp(get(in[i * n->inner]) - greatest) / sum);
    }
  }
}

void NAME(fill)(const rm_float_fill *n, ptrdiff_t begin, ptrdiff_t end) {
  for (ptrdiff_t i = begin * RM_FLOAT_BLOCK; i < block_end(n->count, end); i++)
    ((element *)n->output)[i] = put(n->value);
}

void NAME(to_float)(const rm_float_convert *n, ptrdiff_t begin, ptrdiff_t end) {
  for (ptrdiff_t i = begin * RM_FLOAT_BLOCK; i < block_end(n->count, end); i++)
    ((float *)n->output)[i] = get(((const element *)n->input)[i]);
}

void NAME(from_float)(const rm_float_convert *n, ptrdiff_t begin, ptrdiff_t end) {
  for (ptrdiff_t i = begin * RM_FLOAT_BLOCK; i < block_end(n->count, end); i++)
    ((element *)n->output)[i] = put(((const float *)n->input)[i]);
}
