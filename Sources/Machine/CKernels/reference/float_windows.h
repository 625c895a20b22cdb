// SPDX-License-Identifier: Apache-2.0
// Included by one file for each storage.
#include "float.h"

static int least(int a, int b) { return a < b ? a : b; }
static int most(int a, int b) { return a > b ? a : b; }

static float at(const rm_float_pool *p, ptrdiff_t picture, int y, int x, int channel) {
  return get(((const element *)p->input)[((picture * p->in_rows + y) * p->in_columns + x) * p->in_stride + channel]);
}

void NAME(average_pool)(const rm_float_pool *p, ptrdiff_t begin, ptrdiff_t end) {
  for (ptrdiff_t unit = begin; unit < end; unit++) {
    const ptrdiff_t picture = unit / p->out_rows;
    const int top = (int)(unit % p->out_rows) * p->stride_rows - p->pad_top;
    const int bottom = least(top + p->kernel_rows, p->in_rows);
    const int padded_rows = least(top + p->kernel_rows, p->in_rows + p->pad_bottom) - top;
    for (int column = 0; column < p->out_columns; column++) {
      const int left = column * p->stride_columns - p->pad_left;
      const int right = least(left + p->kernel_columns, p->in_columns);
      const int padded_columns = least(left + p->kernel_columns, p->in_columns + p->pad_right) - left;
      const int inside = most(bottom - most(top, 0), 0) * most(right - most(left, 0), 0);
      const int cells = p->count_include_pad ? padded_rows * padded_columns : inside;
      for (int channel = 0; channel < p->channels; channel++) {
        float sum = 0;
        for (int y = most(top, 0); y < bottom; y++)
          for (int x = most(left, 0); x < right; x++)
            sum += at(p, picture, y, x, channel);
        ((element *)p->output)[(unit * p->out_columns + column) * p->out_stride + channel] =
            put(cells > 0 ? sum / (float)cells : 0);
      }
    }
  }
}

void NAME(max_pool)(const rm_float_pool *p, ptrdiff_t begin, ptrdiff_t end) {
  for (ptrdiff_t unit = begin; unit < end; unit++) {
    const ptrdiff_t picture = unit / p->out_rows;
    const int top = (int)(unit % p->out_rows) * p->stride_rows - p->pad_top;
    const int bottom = least(top + p->kernel_rows, p->in_rows);
    for (int column = 0; column < p->out_columns; column++) {
      const int left = column * p->stride_columns - p->pad_left;
      const int right = least(left + p->kernel_columns, p->in_columns);
      for (int channel = 0; channel < p->channels; channel++) {
        float greatest = -INFINITY;
        for (int y = most(top, 0); y < bottom; y++) {
          for (int x = most(left, 0); x < right; x++) {
            const float value = at(p, picture, y, x, channel);
            if (value > greatest || value != value) greatest = value;
          }
        }
        ((element *)p->output)[(unit * p->out_columns + column) * p->out_stride + channel] = put(greatest);
      }
    }
  }
}

void NAME(global_average_pool)(const rm_float_global_pool *p, ptrdiff_t begin, ptrdiff_t end) {
  for (ptrdiff_t picture = begin; picture < end; picture++) {
    const element *in = (const element *)p->input + picture * p->pixels * p->in_stride;
    for (int channel = 0; channel < p->channels; channel++) {
      float sum = 0;
      for (ptrdiff_t pixel = 0; pixel < p->pixels; pixel++) sum += get(in[pixel * p->in_stride + channel]);
      ((element *)p->output)[picture * p->channels + channel] = put(sum / (float)p->pixels);
    }
  }
}

static ptrdiff_t offset(int rank, const ptrdiff_t *extents, const ptrdiff_t *strides, ptrdiff_t index) {
  ptrdiff_t at = 0;
  for (int axis = rank - 1; axis >= 0; axis--) {
    at += index % extents[axis] * strides[axis];
    index /= extents[axis];
  }
  return at;
}

void NAME(reduce)(const rm_float_reduce *r, ptrdiff_t begin, ptrdiff_t end) {
  ptrdiff_t terms = 1;
  for (int axis = 0; axis < r->summed_rank; axis++) terms *= r->summed_extents[axis];
  for (ptrdiff_t unit = begin; unit < end; unit++) {
    const element *in = (const element *)r->input + offset(r->kept_rank, r->kept_extents, r->kept_strides, unit);
    float sum = 0;
    for (ptrdiff_t term = 0; term < terms; term++)
      sum += get(in[offset(r->summed_rank, r->summed_extents, r->summed_strides, term)]);
    ((element *)r->output)[unit] = put(sum * r->scale);
  }
}

void NAME(arg_max)(const rm_float_arg_max *r, ptrdiff_t begin, ptrdiff_t end) {
  for (ptrdiff_t outer = begin; outer < end; outer++) {
    for (ptrdiff_t inner = 0; inner < r->inner; inner++) {
      const element *in = (const element *)r->input + outer * r->extent * r->inner + inner;
      ptrdiff_t best = 0;
      for (ptrdiff_t i = 1; i < r->extent; i++)
        if (get(in[i * r->inner]) > get(in[best * r->inner])) best = i;
      r->output[outer * r->inner + inner] = best;
    }
  }
}
