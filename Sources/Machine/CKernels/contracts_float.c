// SPDX-License-Identifier: Apache-2.0
// The contracts of rm_float.h, one for each slot: shapes and pointers, in so far as they can be asked in a few
// nanoseconds.
#include "float_kernels.h"

#define EXPECT_PART(count) RM_EXPECT(0 <= begin && begin <= end && end <= (ptrdiff_t)(count))
#define BLOCKS(count) (((count) + RM_FLOAT_BLOCK - 1) / RM_FLOAT_BLOCK)

static void expect_conv(const rm_float_conv *c) {
  RM_EXPECT(c->input && c->weights && c->output && c->batch > 0);
  RM_EXPECT(c->in_rows > 0 && c->in_columns > 0 && c->out_rows > 0 && c->out_columns > 0);
  RM_EXPECT(c->groups > 0 && c->in_channels > 0 && c->in_channels % c->groups == 0);
  RM_EXPECT(c->out_channels > 0 && c->out_channels % c->groups == 0);
  RM_EXPECT(c->kernel_rows > 0 && c->kernel_columns > 0 && c->stride_rows > 0 && c->stride_columns > 0);
  RM_EXPECT(c->dilation_rows > 0 && c->dilation_columns > 0);
  RM_EXPECT(c->in_stride >= c->in_channels && c->out_stride >= c->out_channels);
  RM_EXPECT(!c->residual || c->residual_stride >= c->out_channels);
}

void rm_float_conv_expect(const rm_float_conv *c, ptrdiff_t begin, ptrdiff_t end) {
  expect_conv(c);
  const ptrdiff_t pixels = (ptrdiff_t)c->batch * c->out_rows * c->out_columns;
  EXPECT_PART((pixels + RM_FLOAT_CONV_TILE - 1) / RM_FLOAT_CONV_TILE);
}

void rm_float_dwconv_expect(const rm_float_conv *c, ptrdiff_t begin, ptrdiff_t end) {
  expect_conv(c);
  RM_EXPECT(c->groups == c->in_channels && c->groups == c->out_channels);
  EXPECT_PART((ptrdiff_t)c->batch * c->out_rows);
}

void rm_float_dwconv3x3_expect(const rm_float_conv *c, ptrdiff_t begin, ptrdiff_t end) {
  rm_float_dwconv_expect(c, begin, end);
  RM_EXPECT(c->kernel_rows == 3 && c->kernel_columns == 3 && c->dilation_rows == 1 && c->dilation_columns == 1);
  RM_EXPECT(c->stride_columns <= 2);
}

static void expect_binary(const rm_float_binary *n, ptrdiff_t begin, ptrdiff_t end) {
  RM_EXPECT(n->a && n->b && n->output && n->rank >= 1 && n->rank <= RM_FLOAT_RANK);
  RM_EXPECT(n->a_strides[n->rank - 1] >= 0 && n->a_strides[n->rank - 1] <= 1);
  RM_EXPECT(n->b_strides[n->rank - 1] >= 0 && n->b_strides[n->rank - 1] <= 1);
  ptrdiff_t runs = 1;
  for (int axis = 0; axis < n->rank - 1; axis++) runs *= n->extents[axis];
  EXPECT_PART(runs);
}
void rm_float_add_expect(const rm_float_binary *n, ptrdiff_t begin, ptrdiff_t end) { expect_binary(n, begin, end); }
void rm_float_sub_expect(const rm_float_binary *n, ptrdiff_t begin, ptrdiff_t end) { expect_binary(n, begin, end); }
void rm_float_mul_expect(const rm_float_binary *n, ptrdiff_t begin, ptrdiff_t end) { expect_binary(n, begin, end); }
void rm_float_div_expect(const rm_float_binary *n, ptrdiff_t begin, ptrdiff_t end) { expect_binary(n, begin, end); }

static void expect_unary(const rm_float_unary *n, ptrdiff_t begin, ptrdiff_t end) {
  RM_EXPECT(n->input && n->output);
  EXPECT_PART(BLOCKS(n->count));
}
void rm_float_clamp_expect(const rm_float_unary *n, ptrdiff_t begin, ptrdiff_t end) { expect_unary(n, begin, end); }
void rm_float_sigmoid_expect(const rm_float_unary *n, ptrdiff_t begin, ptrdiff_t end) { expect_unary(n, begin, end); }
void rm_float_hard_sigmoid_expect(const rm_float_unary *n, ptrdiff_t begin, ptrdiff_t end) {
  expect_unary(n, begin, end);
}
void rm_float_hard_swish_expect(const rm_float_unary *n, ptrdiff_t begin, ptrdiff_t end) {
  expect_unary(n, begin, end);
}

static void expect_convert(const rm_float_convert *n, ptrdiff_t begin, ptrdiff_t end) {
  RM_EXPECT(n->input && n->output);
  EXPECT_PART(BLOCKS(n->count));
}
void rm_float_to_float_expect(const rm_float_convert *n, ptrdiff_t begin, ptrdiff_t end) {
  expect_convert(n, begin, end);
}
void rm_float_from_float_expect(const rm_float_convert *n, ptrdiff_t begin, ptrdiff_t end) {
  expect_convert(n, begin, end);
}

void rm_float_softmax_expect(const rm_float_softmax *n, ptrdiff_t begin, ptrdiff_t end) {
  RM_EXPECT(n->input && n->output && n->extent > 0 && n->inner > 0);
  EXPECT_PART(n->outer);
}

static void expect_pool(const rm_float_pool *p, ptrdiff_t begin, ptrdiff_t end) {
  RM_EXPECT(p->input && p->output && p->in_rows > 0 && p->in_columns > 0 && p->out_columns > 0 && p->channels > 0);
  RM_EXPECT(p->kernel_rows > 0 && p->kernel_columns > 0 && p->stride_rows > 0 && p->stride_columns > 0);
  RM_EXPECT(p->in_stride >= p->channels && p->out_stride >= p->channels);
  EXPECT_PART((ptrdiff_t)p->batch * p->out_rows);
}
void rm_float_average_pool_expect(const rm_float_pool *p, ptrdiff_t begin, ptrdiff_t end) {
  expect_pool(p, begin, end);
}
void rm_float_max_pool_expect(const rm_float_pool *p, ptrdiff_t begin, ptrdiff_t end) { expect_pool(p, begin, end); }

void rm_float_global_average_pool_expect(const rm_float_global_pool *p, ptrdiff_t begin, ptrdiff_t end) {
  RM_EXPECT(p->input && p->output && p->pixels > 0 && p->channels > 0 && p->in_stride >= p->channels);
  EXPECT_PART(p->batch);
}

void rm_float_reduce_expect(const rm_float_reduce *r, ptrdiff_t begin, ptrdiff_t end) {
  RM_EXPECT(r->input && r->output && r->kept_rank >= 0 && r->kept_rank <= RM_FLOAT_RANK);
  RM_EXPECT(r->summed_rank >= 0 && r->summed_rank <= RM_FLOAT_RANK && 0 <= begin && begin <= end);
}

void rm_float_arg_max_expect(const rm_float_arg_max *n, ptrdiff_t begin, ptrdiff_t end) {
  RM_EXPECT(n->input && n->output && n->extent > 0 && n->inner > 0);
  EXPECT_PART(n->outer);
}

void rm_float_copy_expect(const rm_copy *c, ptrdiff_t begin, ptrdiff_t end) {
  RM_EXPECT(c->input && c->output && c->rank >= 1 && c->rank <= RM_FLOAT_RANK);
  RM_EXPECT(c->size == 1 || c->size == 2 || c->size == 4 || c->size == 8);
  EXPECT_PART(c->extents[0]);
}

void rm_float_fill_expect(const rm_float_fill *f, ptrdiff_t begin, ptrdiff_t end) {
  RM_EXPECT(f->output);
  EXPECT_PART(BLOCKS(f->count));
}

void rm_float_resize_expect(const rm_float_resize *r, ptrdiff_t begin, ptrdiff_t end) {
  RM_EXPECT(r->input && r->output && r->rows0 && r->rows1 && r->columns0 && r->columns1);
  RM_EXPECT(r->row_weights && r->column_weights && r->channels > 0 && r->out_columns > 0);
  RM_EXPECT(r->in_stride >= r->channels && r->out_stride >= r->channels);
  EXPECT_PART((ptrdiff_t)r->batch * r->out_rows);
}

void rm_float_gridsample_expect(const rm_float_gridsample *g, ptrdiff_t begin, ptrdiff_t end) {
  RM_EXPECT(g->input && g->grid && g->output && g->in_rows > 0 && g->in_columns > 0 && g->channels > 0);
  EXPECT_PART((ptrdiff_t)g->batch * g->out_rows);
}

void rm_float_warp_expect(const rm_float_warp *w, ptrdiff_t begin, ptrdiff_t end) {
  RM_EXPECT(w->source && w->offsets && w->output && (w->scale == 1 || w->scale == 2) && w->channels > 0);
  RM_EXPECT(w->rows == w->source_rows * w->scale && w->columns == w->source_columns * w->scale);
  RM_EXPECT(w->source_stride >= w->channels && w->out_stride >= w->channels && w->offsets_stride >= 2);
  RM_EXPECT((!w->mask || w->mask_stride >= 9) && (!w->residual || w->residual_stride >= w->channels));
  EXPECT_PART((ptrdiff_t)w->batch * w->rows);
}

void rm_float_local_attention_expect(const rm_float_local_attention *a, ptrdiff_t begin, ptrdiff_t end) {
  RM_EXPECT(a->query && a->key && a->value && a->output && a->depth > 0 && a->channels > 0 && a->columns > 0);
  RM_EXPECT(a->region > 0 && a->region % 2 == 1 && a->region * a->region <= RM_ATTENTION_CELLS);
  EXPECT_PART((ptrdiff_t)a->batch * a->rows);
}

void rm_float_global_attention_expect(const rm_float_global_attention *a, ptrdiff_t begin, ptrdiff_t end) {
  RM_EXPECT(a->query && a->key && a->value && a->output && a->depth > 0 && a->channels > 0);
  EXPECT_PART((ptrdiff_t)a->batch * a->pixels);
}

void rm_float_matmul_expect(const rm_float_matmul *p, ptrdiff_t begin, ptrdiff_t end) {
  RM_EXPECT(p->a && p->b && p->output && p->k > 0 && p->n > 0);
  EXPECT_PART((ptrdiff_t)p->batch * p->m);
}

static void expect_quantize(const rm_float_quantize *q, ptrdiff_t begin, ptrdiff_t end) {
  RM_EXPECT(q->input && q->output && q->scales && q->zero_points && q->extent > 0 && q->inner > 0);
  EXPECT_PART(q->outer);
}
void rm_float_quantize_expect(const rm_float_quantize *q, ptrdiff_t begin, ptrdiff_t end) {
  expect_quantize(q, begin, end);
}
void rm_float_dequantize_expect(const rm_float_quantize *q, ptrdiff_t begin, ptrdiff_t end) {
  expect_quantize(q, begin, end);
}
