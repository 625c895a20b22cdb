// SPDX-License-Identifier: Apache-2.0
// Element by element, for the vector vocabulary included before: whole vectors, then one masked vector.
#pragma once

#include "f32_kernels.h"

enum { PLUS, MINUS, TIMES, OVER };

INLINE vec operate(const int what, vec a, vec b) {
  return what == PLUS ? v_add(a, b) : what == MINUS ? v_sub(a, b) : what == TIMES ? v_mul(a, b) : v_div(a, b);
}

// One run; an operand with step 0 is one value repeated.
INLINE void binary_run(const rm_f32_binary *n, const int what, const float *a, const float *b, float *out,
                       const int a_step, const int b_step) {
  const ptrdiff_t count = n->extents[n->rank - 1];
  const vec low = v_all(n->low), high = v_all(n->high);
  const vec a0 = v_all(*a), b0 = v_all(*b);
  ptrdiff_t i = 0;
  for (; i + WIDTH <= count; i += WIDTH)
    v_store(out + i, limited(operate(what, a_step ? v_load(a + i) : a0, b_step ? v_load(b + i) : b0), low, high));
  if (i == count) return;
  const mask some = m_first((int)(count - i));
  const vec x = a_step ? v_load_some(a + i, some) : a0, y = b_step ? v_load_some(b + i, some) : b0;
  v_store_some(out + i, some, limited(operate(what, x, y), low, high));
}

INLINE void binary_units(const rm_f32_binary *n, ptrdiff_t begin, ptrdiff_t end, const int what) {
  const int inner = n->rank - 1;
  for (ptrdiff_t unit = begin; unit < end; unit++) {
    const float *a = n->a, *b = n->b;
    ptrdiff_t rest = unit;
    for (int axis = inner - 1; axis >= 0; axis--) {
      const ptrdiff_t index = rest % n->extents[axis];
      a += index * n->a_strides[axis];
      b += index * n->b_strides[axis];
      rest /= n->extents[axis];
    }
    float *out = n->output + unit * n->extents[inner];
    if (n->a_strides[inner] && n->b_strides[inner])
      binary_run(n, what, a, b, out, 1, 1);
    else if (n->a_strides[inner])
      binary_run(n, what, a, b, out, 1, 0);
    else
      binary_run(n, what, a, b, out, 0, n->b_strides[inner] != 0);
  }
}

TARGET void JOIN(rm_f32_add__, ISA)(const rm_f32_binary *n, ptrdiff_t begin, ptrdiff_t end) {
  binary_units(n, begin, end, PLUS);
}
TARGET void JOIN(rm_f32_sub__, ISA)(const rm_f32_binary *n, ptrdiff_t begin, ptrdiff_t end) {
  binary_units(n, begin, end, MINUS);
}
TARGET void JOIN(rm_f32_mul__, ISA)(const rm_f32_binary *n, ptrdiff_t begin, ptrdiff_t end) {
  binary_units(n, begin, end, TIMES);
}
TARGET void JOIN(rm_f32_div__, ISA)(const rm_f32_binary *n, ptrdiff_t begin, ptrdiff_t end) {
  binary_units(n, begin, end, OVER);
}

enum { CLAMP, SIGMOID, HARD_SIGMOID, HARD_SWISH };

INLINE vec apply(const int what, vec x, vec a, vec b) {
  const vec one = v_all(1);
  if (what == CLAMP) return limited(x, a, b);
  if (what == SIGMOID) return v_div(one, v_add(one, v_exp(v_sub(v_all(0), x))));
  if (what == HARD_SIGMOID) return limited(v_fma(a, x, b), v_all(0), one);
  return v_mul(x, limited(v_fma(x, v_all(1.0f / 6), v_all(0.5f)), v_all(0), one));
}

INLINE void unary_units(const rm_f32_unary *n, ptrdiff_t begin, ptrdiff_t end, const int what) {
  const vec a = v_all(n->a), b = v_all(n->b);
  const ptrdiff_t last = end * RM_F32_BLOCK < n->count ? end * RM_F32_BLOCK : n->count;
  ptrdiff_t i = begin * RM_F32_BLOCK;
  for (; i + WIDTH <= last; i += WIDTH) v_store(n->output + i, apply(what, v_load(n->input + i), a, b));
  if (i >= last) return;
  const mask some = m_first((int)(last - i));
  v_store_some(n->output + i, some, apply(what, v_load_some(n->input + i, some), a, b));
}

TARGET void JOIN(rm_f32_clamp__, ISA)(const rm_f32_unary *n, ptrdiff_t begin, ptrdiff_t end) {
  unary_units(n, begin, end, CLAMP);
}
TARGET void JOIN(rm_f32_sigmoid__, ISA)(const rm_f32_unary *n, ptrdiff_t begin, ptrdiff_t end) {
  unary_units(n, begin, end, SIGMOID);
}
TARGET void JOIN(rm_f32_hard_sigmoid__, ISA)(const rm_f32_unary *n, ptrdiff_t begin, ptrdiff_t end) {
  unary_units(n, begin, end, HARD_SIGMOID);
}
TARGET void JOIN(rm_f32_hard_swish__, ISA)(const rm_f32_unary *n, ptrdiff_t begin, ptrdiff_t end) {
  unary_units(n, begin, end, HARD_SWISH);
}

// Contiguous rows; a strided axis goes to the scalar kernel.
TARGET void JOIN(rm_f32_softmax__, ISA)(const rm_f32_softmax *n, ptrdiff_t begin, ptrdiff_t end) {
  if (n->inner != 1) {
    rm_f32_softmax__scalar(n, begin, end);
    return;
  }
  const ptrdiff_t whole = n->extent / WIDTH * WIDTH;
  const mask some = m_first((int)(n->extent - whole));
  const vec lowest = v_all(-INFINITY), none = v_all(0);
  for (ptrdiff_t outer = begin; outer < end; outer++) {
    const float *in = n->input + outer * n->extent;
    float *out = n->output + outer * n->extent;
    vec most = lowest;
    for (ptrdiff_t i = 0; i < whole; i += WIDTH) most = v_max(most, v_load(in + i));
    if (whole < n->extent) most = v_max(most, v_select(some, v_load_some(in + whole, some), lowest));
    const vec greatest = v_all(v_greatest(most));
    vec sum = none;
    for (ptrdiff_t i = 0; i < whole; i += WIDTH) {
      const vec e = v_exp(v_sub(v_load(in + i), greatest));
      v_store(out + i, e);
      sum = v_add(sum, e);
    }
    if (whole < n->extent) {
      const vec e = v_exp(v_sub(v_load_some(in + whole, some), greatest));
      v_store_some(out + whole, some, e);
      sum = v_add(sum, v_select(some, e, none));
    }
    const vec total = v_all(v_sum(sum));
    for (ptrdiff_t i = 0; i < whole; i += WIDTH) v_store(out + i, v_div(v_load(out + i), total));
    if (whole < n->extent)
      v_store_some(out + whole, some, v_div(v_load_some(out + whole, some), total));
  }
}
