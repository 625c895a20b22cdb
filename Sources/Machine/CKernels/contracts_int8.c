// SPDX-License-Identifier: Apache-2.0
// The contracts of rm_int8.h, one for each slot: shapes, ranges and pointers, in so far as they can be asked in a few
// nanoseconds. What a pointer points to is the guard pages' business (kernelcheck).
#include "int8.h"

static int is_byte(int32_t value) { return value >= 0 && value <= 255; }

// A part of `count` units.
#define EXPECT_PART(count) RM_EXPECT(0 <= begin && begin <= end && end <= (count))
// Where results lie.
#define EXPECT_RANGE(c) \
  RM_EXPECT(is_byte((c)->out_zero)), RM_EXPECT(is_byte((c)->low) && is_byte((c)->high) && (c)->low <= (c)->high)

static void expect_shape(const rm_int8_conv_shape *s) {
  RM_EXPECT(s->in_rows > 0 && s->in_columns > 0 && s->in_channels > 0);
  RM_EXPECT(s->out_rows > 0 && s->out_columns > 0 && s->out_channels > 0);
  RM_EXPECT(s->kernel_rows > 0 && s->kernel_columns > 0);
  RM_EXPECT(s->stride_rows > 0 && s->stride_columns > 0 && s->dilation_rows > 0 && s->dilation_columns > 0);
}

static void expect_conv(const rm_int8_conv_call *c, ptrdiff_t begin, ptrdiff_t end, int depthwise) {
  expect_shape(&c->shape);
  RM_EXPECT(rm_int8_conv_fits(&c->shape, depthwise));
  RM_EXPECT(c->in && c->out && c->pad && c->packed && (uintptr_t)c->packed % 64 == 0);
  RM_EXPECT(c->in_pixel >= c->shape.in_channels && c->out_pixel >= c->shape.out_channels);
  RM_EXPECT(!c->residual || (!depthwise && c->residual_pixel >= c->shape.out_channels));
  EXPECT_RANGE(c);
  EXPECT_PART(c->shape.out_rows);
}

void rm_int8_conv_expect(const rm_int8_conv_call *c, ptrdiff_t begin, ptrdiff_t end) { expect_conv(c, begin, end, 0); }
void rm_int8_dwconv_expect(const rm_int8_conv_call *c, ptrdiff_t begin, ptrdiff_t end) {
  expect_conv(c, begin, end, 1);
}

void rm_int8_combine_expect(const rm_int8_combine_call *c, ptrdiff_t begin, ptrdiff_t end) {
  RM_EXPECT(c->a && c->out && c->columns > 0 && c->channels > 0 && 0 <= begin && begin <= end);
  RM_EXPECT(c->a_pixel >= c->channels && c->out_pixel >= c->channels && (!c->b || c->b_pixel >= c->channels));
  RM_EXPECT(c->rule.shift >= 0 && c->rule.shift <= 24 && is_byte(c->rule.zero));
  RM_EXPECT(is_byte(c->rule.low) && is_byte(c->rule.high) && c->rule.low <= c->rule.high);
}

void rm_int8_mul_expect(const rm_int8_mul_call *c, ptrdiff_t begin, ptrdiff_t end) {
  RM_EXPECT(c->a && c->b && c->out && c->columns > 0 && c->channels > 0 && 0 <= begin && begin <= end);
  RM_EXPECT(c->a_pixel >= c->channels && c->out_pixel >= c->channels && is_byte(c->a_zero) && is_byte(c->b_zero));
  EXPECT_RANGE(c);
}

void rm_int8_table_expect(const rm_int8_table_call *c, ptrdiff_t begin, ptrdiff_t end) {
  RM_EXPECT(c->in && c->out && c->columns > 0 && c->channels > 0 && 0 <= begin && begin <= end);
  RM_EXPECT(c->in_pixel >= c->channels && c->out_pixel >= c->channels);
}

static void expect_pool(const rm_int8_pool_call *c, ptrdiff_t begin, ptrdiff_t end) {
  expect_shape(&c->shape);
  RM_EXPECT(c->in && c->out && c->shape.in_channels == c->shape.out_channels);
  RM_EXPECT(c->in_pixel >= c->shape.in_channels && c->out_pixel >= c->shape.out_channels);
  EXPECT_PART(c->shape.out_rows);
}

void rm_int8_max_pool_expect(const rm_int8_pool_call *c, ptrdiff_t begin, ptrdiff_t end) { expect_pool(c, begin, end); }
void rm_int8_average_pool_expect(const rm_int8_pool_call *c, ptrdiff_t begin, ptrdiff_t end) {
  expect_pool(c, begin, end);
  RM_EXPECT(is_byte(c->in_zero));
  EXPECT_RANGE(c);
}

void rm_int8_mean_expect(const rm_int8_mean_call *c, ptrdiff_t begin, ptrdiff_t end) {
  RM_EXPECT(c->in && c->out && c->pixels > 0 && c->pixels <= 1 << 22 && c->in_pixel >= c->channels);
  RM_EXPECT(is_byte(c->in_zero));
  EXPECT_RANGE(c);
  EXPECT_PART(c->channels);
}

void rm_int8_resize_expect(const rm_int8_resize_call *c, ptrdiff_t begin, ptrdiff_t end) {
  RM_EXPECT(c->in && c->out && c->rows && c->columns && c->channels > 0);
  RM_EXPECT(c->in_rows > 0 && c->in_columns > 0 && c->out_columns > 0);
  RM_EXPECT(c->in_pixel >= c->channels && c->out_pixel >= c->channels);
  EXPECT_PART(c->out_rows);
}

void rm_int8_softmax_expect(const rm_int8_softmax_call *c, ptrdiff_t begin, ptrdiff_t end) {
  RM_EXPECT(c->in && c->out && c->columns > 0 && 0 <= begin && begin <= end);
  RM_EXPECT(c->channels > 0 && c->channels <= RM_INT8_SOFTMAX_CHANNELS && c->table[0] > 0);
  RM_EXPECT(c->in_pixel >= c->channels && c->out_pixel >= c->channels);
}

void rm_int8_warp_expect(const rm_int8_warp_call *c, ptrdiff_t begin, ptrdiff_t end) {
  RM_EXPECT(c->source && c->offsets && c->out && c->source_rows > 0 && c->source_columns > 0 && c->columns > 0);
  RM_EXPECT(c->channels > 0 && c->source_pixel >= c->channels && c->out_pixel >= c->channels);
  RM_EXPECT(c->offsets_pixel >= 2 && (!c->scores || (c->scores_pixel >= 9 && c->table[0] > 0)));
  EXPECT_PART(c->rows);
}

void rm_int8_local_attention_expect(const rm_int8_local_attention_call *c, ptrdiff_t begin, ptrdiff_t end) {
  RM_EXPECT(c->query && c->key && c->value && c->out && c->bias && c->columns > 0 && c->depth > 0 && c->channels > 0);
  RM_EXPECT(c->region > 0 && c->region % 2 == 1 && c->region * c->region <= RM_INT8_LOCAL_CELLS && c->table[0] > 0);
  RM_EXPECT(c->query_pixel >= c->depth && c->key_pixel >= c->depth);
  RM_EXPECT(c->value_pixel >= c->channels && c->out_pixel >= c->channels);
  RM_EXPECT(is_byte(c->query_zero) && is_byte(c->key_zero) && is_byte(c->value_zero));
  EXPECT_PART(c->rows);
}

void rm_int8_global_attention_expect(const rm_int8_global_attention_call *c, ptrdiff_t begin, ptrdiff_t end) {
  RM_EXPECT(c->query && c->key && c->value && c->out && c->table && c->depth > 0);
  RM_EXPECT(c->channels > 0 && c->channels <= RM_INT8_ATTENTION_CHANNELS);
  RM_EXPECT(c->query_pixel >= c->depth && c->key_pixel >= c->depth);
  RM_EXPECT(c->value_pixel >= c->channels && c->out_pixel >= c->channels);
  RM_EXPECT(c->table[0] > 0 && c->table[0] < 1 << 15 && is_byte(c->query_zero) && is_byte(c->key_zero));
  EXPECT_PART(c->pixels);
}

void rm_int8_sample_expect(const rm_int8_sample_call *c, ptrdiff_t begin, ptrdiff_t end) {
  RM_EXPECT(c->source && c->grid && c->out && c->xs && c->ys && c->source_rows > 0 && c->source_columns > 0);
  RM_EXPECT(c->channels > 0 && c->source_pixel >= c->channels && c->out_pixel >= c->channels && c->grid_pixel >= 2);
  EXPECT_PART(c->rows);
}

void rm_int8_matmul_expect(const rm_int8_matmul_call *c, ptrdiff_t begin, ptrdiff_t end) {
  RM_EXPECT(c->a && c->b && c->out && c->rows > 0 && c->depth > 0 && c->columns > 0);
  RM_EXPECT(c->a_row >= c->depth && c->b_row >= c->columns && c->out_row >= c->columns);
  RM_EXPECT(is_byte(c->a_zero) && is_byte(c->b_zero));
  EXPECT_RANGE(c);
  EXPECT_PART((c->rows + RM_INT8_MATMUL_ROWS - 1) / RM_INT8_MATMUL_ROWS);
}

void rm_int8_fill_expect(const rm_int8_fill_call *c, ptrdiff_t begin, ptrdiff_t end) {
  RM_EXPECT(c->out && is_byte(c->value) && 0 <= begin && begin <= end);
}

void rm_int8_quantize_expect(const rm_int8_quantize_call *c, ptrdiff_t begin, ptrdiff_t end) {
  RM_EXPECT(c->in && c->out && c->scale > 0 && is_byte(c->zero) && 0 <= begin && begin <= end);
  RM_EXPECT(is_byte(c->low) && is_byte(c->high) && c->low <= c->high);
}

void rm_int8_dequantize_expect(const rm_int8_dequantize_call *c, ptrdiff_t begin, ptrdiff_t end) {
  RM_EXPECT(c->in && c->out && is_byte(c->zero) && 0 <= begin && begin <= end);
}
