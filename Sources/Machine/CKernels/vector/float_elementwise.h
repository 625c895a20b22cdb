// SPDX-License-Identifier: Apache-2.0
// Element by element, for the vector vocabulary included before: whole vectors, then one masked vector.
#pragma once

#include "float_kernels.h"

enum { PLUS, MINUS, TIMES, OVER };

INLINE vec operate(const int what, vec a, vec b) {
  return what == PLUS ? v_add(a, b) : what == MINUS ? v_sub(a, b) : what == TIMES ? v_mul(a, b) : v_div(a, b);
}

// One run; an operand with step 0 is one value repeated.
INLINE void binary_run(const rm_float_binary *n, const int what, const element *a, const element *b, element *out,
                       const int a_step, const int b_step) {
  const ptrdiff_t count = n->extents[n->rank - 1];
  const vec low = v_all(n->low), high = v_all(n->high);
  const vec a0 = v_all(get(*a)), b0 = v_all(get(*b));
  ptrdiff_t i = 0;
  for (; i + WIDTH <= count; i += WIDTH)
    v_put(out + i, limited(operate(what, a_step ? v_get(a + i) : a0, b_step ? v_get(b + i) : b0), low, high));
  if (i == count) return;
  const mask some = m_first((int)(count - i));
  const vec x = a_step ? v_get_some(a + i, some) : a0, y = b_step ? v_get_some(b + i, some) : b0;
  v_put_some(out + i, some, limited(operate(what, x, y), low, high));
}

INLINE void binary_units(const rm_float_binary *n, ptrdiff_t begin, ptrdiff_t end, const int what) {
  const int inner = n->rank - 1;
  for (ptrdiff_t unit = begin; unit < end; unit++) {
    const element *a = n->a, *b = n->b;
    ptrdiff_t rest = unit;
    for (int axis = inner - 1; axis >= 0; axis--) {
      const ptrdiff_t index = rest % n->extents[axis];
      a += index * n->a_strides[axis];
      b += index * n->b_strides[axis];
      rest /= n->extents[axis];
    }
    element *out = (element *)n->output + unit * n->extents[inner];
    if (n->a_strides[inner] && n->b_strides[inner])
      binary_run(n, what, a, b, out, 1, 1);
    else if (n->a_strides[inner])
      binary_run(n, what, a, b, out, 1, 0);
    else
      binary_run(n, what, a, b, out, 0, n->b_strides[inner] != 0);
  }
}

TARGET void NAME(add)(const rm_float_binary *n, ptrdiff_t begin, ptrdiff_t end) {
  binary_units(n, begin, end, PLUS);
}
TARGET void NAME(sub)(const rm_float_binary *n, ptrdiff_t begin, ptrdiff_t end) {
  binary_units(n, begin, end, MINUS);
}
TARGET void NAME(mul)(const rm_float_binary *n, ptrdiff_t begin, ptrdiff_t end) {
  binary_units(n, begin, end, TIMES);
}
TARGET void NAME(div)(const rm_float_binary *n, ptrdiff_t begin, ptrdiff_t end) {
  binary_units(n, begin, end, OVER);
}

enum { CLAMP, SIGMOID, HARD_SIGMOID, HARD_SWISH };

INLINE vec apply(const int what, vec x, vec a, vec b) {
  const vec one = v_all(1);
  if (what == CLAMP) return limited(x, a, b);
#if !NATIVE
  if (what == SIGMOID) return v_div(one, v_add(one, v_exp(v_sub(v_all(0), x))));
#endif
  if (what == HARD_SIGMOID) return limited(v_fma(a, x, b), v_all(0), one);
  return v_mul(x, limited(v_fma(x, v_all(1.0f / 6), v_all(0.5f)), v_all(0), one));
}

INLINE void unary_units(const rm_float_unary *n, ptrdiff_t begin, ptrdiff_t end, const int what) {
  const vec a = v_all(n->a), b = v_all(n->b);
  const ptrdiff_t last = end * RM_FLOAT_BLOCK < n->count ? end * RM_FLOAT_BLOCK : n->count;
  const element *in = n->input;
  element *out = n->output;
  ptrdiff_t i = begin * RM_FLOAT_BLOCK;
  for (; i + WIDTH <= last; i += WIDTH) v_put(out + i, apply(what, v_get(in + i), a, b));
  if (i >= last) return;
  const mask some = m_first((int)(last - i));
  v_put_some(out + i, some, apply(what, v_get_some(in + i, some), a, b));
}

TARGET void NAME(clamp)(const rm_float_unary *n, ptrdiff_t begin, ptrdiff_t end) {
  unary_units(n, begin, end, CLAMP);
}
TARGET void NAME(hard_sigmoid)(const rm_float_unary *n, ptrdiff_t begin, ptrdiff_t end) {
  unary_units(n, begin, end, HARD_SIGMOID);
}
TARGET void NAME(hard_swish)(const rm_float_unary *n, ptrdiff_t begin, ptrdiff_t end) {
  unary_units(n, begin, end, HARD_SWISH);
}

#if !NATIVE
TARGET void NAME(sigmoid)(const rm_float_unary *n, ptrdiff_t begin, ptrdiff_t end) {
  unary_units(n, begin, end, SIGMOID);
}

// Contiguous rows; a strided axis goes to the scalar kernel.
TARGET void NAME(softmax)(const rm_float_softmax *n, ptrdiff_t begin, ptrdiff_t end) {
  if (n->inner != 1) {
    SCALAR(softmax)(n, begin, end);
    return;
  }
  const ptrdiff_t whole = n->extent / WIDTH * WIDTH;
  const mask some = m_first((int)(n->extent - whole));
  const vec lowest = v_all(-INFINITY), none = v_all(0);
  for (ptrdiff_t outer = begin; outer < end; outer++) {
    const element *in = (const element *)n->input + outer * n->extent;
    element *out = (element *)n->output + outer * n->extent;
    vec most = lowest;
    for (ptrdiff_t i = 0; i < whole; i += WIDTH) most = v_max(most, v_get(in + i));
    if (whole < n->extent) most = v_max(most, v_select(some, v_get_some(in + whole, some), lowest));
    const vec greatest = v_all(v_greatest(most));
    vec sum = none, last = none;
    for (ptrdiff_t i = 0; i < whole; i += WIDTH) sum = v_add(sum, v_exp(v_sub(v_get(in + i), greatest)));
    if (whole < n->extent) {
      last = v_exp(v_sub(v_get_some(in + whole, some), greatest));
      sum = v_add(sum, v_select(some, last, none));
    }
    const vec total = v_all(v_sum(sum));
    for (ptrdiff_t i = 0; i < whole; i += WIDTH) v_put(out + i, v_div(v_exp(v_sub(v_get(in + i), greatest)), total));
    if (whole < n->extent) v_put_some(out + whole, some, v_div(last, total));
  }
}

TARGET void NAME(to_float)(const rm_float_convert *n, ptrdiff_t begin, ptrdiff_t end) {
  const ptrdiff_t last = end * RM_FLOAT_BLOCK < n->count ? end * RM_FLOAT_BLOCK : n->count;
  const element *in = n->input;
  float *out = n->output;
  ptrdiff_t i = begin * RM_FLOAT_BLOCK;
  for (; i + WIDTH <= last; i += WIDTH) v_store(out + i, v_get(in + i));
  for (; i < last; i++) out[i] = get(in[i]);
}

TARGET void NAME(from_float)(const rm_float_convert *n, ptrdiff_t begin, ptrdiff_t end) {
  const ptrdiff_t last = end * RM_FLOAT_BLOCK < n->count ? end * RM_FLOAT_BLOCK : n->count;
  const float *in = n->input;
  element *out = n->output;
  ptrdiff_t i = begin * RM_FLOAT_BLOCK;
  for (; i + WIDTH <= last; i += WIDTH) v_put(out + i, v_load(in + i));
  if (i >= last) return;
  const mask some = m_first((int)(last - i));
  v_put_some(out + i, some, v_floats_some(in + i, some));
}
#endif
