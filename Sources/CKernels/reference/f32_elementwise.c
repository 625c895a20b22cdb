// SPDX-License-Identifier: Apache-2.0
#include "f32.h"

typedef float (*operation)(float, float);
static float plus(float a, float b) { return a + b; }
static float minus(float a, float b) { return a - b; }
static float times(float a, float b) { return a * b; }
static float over(float a, float b) { return a / b; }

static void binary(const rm_f32_binary *n, ptrdiff_t begin, ptrdiff_t end, operation apply) {
  const int inner = n->rank - 1;
  for (ptrdiff_t unit = begin; unit < end; unit++) {
    const float *a = n->a, *b = n->b;
    ptrdiff_t rest = unit;
    for (int axis = inner - 1; axis >= 0; axis--) {
      a += rest % n->extents[axis] * n->a_strides[axis];
      b += rest % n->extents[axis] * n->b_strides[axis];
      rest /= n->extents[axis];
    }
    float *out = n->output + unit * n->extents[inner];
    for (ptrdiff_t i = 0; i < n->extents[inner]; i++)
      out[i] = rm_clamp(apply(a[i * n->a_strides[inner]], b[i * n->b_strides[inner]]), n->low, n->high);
  }
}

void rm_f32_add__scalar(const rm_f32_binary *n, ptrdiff_t begin, ptrdiff_t end) { binary(n, begin, end, plus); }
void rm_f32_sub__scalar(const rm_f32_binary *n, ptrdiff_t begin, ptrdiff_t end) { binary(n, begin, end, minus); }
void rm_f32_mul__scalar(const rm_f32_binary *n, ptrdiff_t begin, ptrdiff_t end) { binary(n, begin, end, times); }
void rm_f32_div__scalar(const rm_f32_binary *n, ptrdiff_t begin, ptrdiff_t end) { binary(n, begin, end, over); }

static ptrdiff_t block_end(ptrdiff_t count, ptrdiff_t end) {
  return end * RM_F32_BLOCK < count ? end * RM_F32_BLOCK : count;
}

void rm_f32_clamp__scalar(const rm_f32_unary *n, ptrdiff_t begin, ptrdiff_t end) {
  for (ptrdiff_t i = begin * RM_F32_BLOCK; i < block_end(n->count, end); i++)
    n->output[i] = rm_clamp(n->input[i], n->a, n->b);
}

void rm_f32_sigmoid__scalar(const rm_f32_unary *n, ptrdiff_t begin, ptrdiff_t end) {
  for (ptrdiff_t i = begin * RM_F32_BLOCK; i < block_end(n->count, end); i++)
    n->output[i] = rm_sigmoid(n->input[i]);
}

void rm_f32_hard_sigmoid__scalar(const rm_f32_unary *n, ptrdiff_t begin, ptrdiff_t end) {
  for (ptrdiff_t i = begin * RM_F32_BLOCK; i < block_end(n->count, end); i++)
    n->output[i] = rm_clamp(n->a * n->input[i] + n->b, 0, 1);
}

void rm_f32_hard_swish__scalar(const rm_f32_unary *n, ptrdiff_t begin, ptrdiff_t end) {
  for (ptrdiff_t i = begin * RM_F32_BLOCK; i < block_end(n->count, end); i++) {
    const float x = n->input[i];
    n->output[i] = x * rm_clamp(x * (1.0f / 6) + 0.5f, 0, 1);
  }
}

void rm_f32_softmax__scalar(const rm_f32_softmax *n, ptrdiff_t begin, ptrdiff_t end) {
  for (ptrdiff_t outer = begin; outer < end; outer++) {
    for (ptrdiff_t inner = 0; inner < n->inner; inner++) {
      const float *in = n->input + outer * n->extent * n->inner + inner;
      float *out = n->output + outer * n->extent * n->inner + inner;
      float greatest = in[0], sum = 0;
      for (ptrdiff_t i = 1; i < n->extent; i++)
        if (in[i * n->inner] > greatest) greatest = in[i * n->inner];
      for (ptrdiff_t i = 0; i < n->extent; i++) {
        const float e = rm_exp(in[i * n->inner] - greatest);
        out[i * n->inner] = e;
        sum += e;
      }
      for (ptrdiff_t i = 0; i < n->extent; i++) out[i * n->inner] /= sum;
    }
  }
}

void rm_f32_fill__scalar(const rm_f32_fill *n, ptrdiff_t begin, ptrdiff_t end) {
  for (ptrdiff_t i = begin * RM_F32_BLOCK; i < block_end(n->count, end); i++) n->output[i] = n->value;
}
