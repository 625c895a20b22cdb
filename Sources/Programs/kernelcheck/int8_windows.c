// SPDX-License-Identifier: Apache-2.0
// Pooling, resize, warp and attention.
#include <stdio.h>

#include "int8.h"

static void pool(check *c, const rm_int8_kernels *scalar, const rm_int8_kernels *variant, int average) {
  const int kernel = check_range(c, 0, 9) ? check_range(c, 1, 5) : 17, pad = check_range(c, 0, kernel / 2);
  const int rows = check_range(c, kernel, kernel + 9), columns = check_range(c, kernel, kernel + 15);
  const int channels = check_range(c, 1, 70), pixel = channels + (check_range(c, 0, 2) ? 0 : 3);
  const int stride = check_range(c, 1, 3), low = check_range(c, 0, 1) ? 0 : check_range(c, 0, 200);
  rm_int8_pool_call call = {
      .shape = {rows, columns, channels, (rows + 2 * pad - kernel) / stride + 1,
                (columns + 2 * pad - kernel) / stride + 1, channels, kernel, kernel, stride, stride, 1, 1, pad, pad},
      .in_pixel = pixel,
      .out_pixel = pixel,
      .count_pads = check_range(c, 0, 1),
      .in_zero = check_range(c, 0, 255),
      .out_zero = check_range(c, 0, 255),
      .low = low,
      .high = check_range(c, low, 255),
      .ratio = check_range(c, 0, 1) ? 1 : check_float(c, 0.1f, 2),
  };
  const size_t out_size = (size_t)(call.shape.out_rows * call.shape.out_columns * pixel - (pixel - channels));
  guarded in = guarded_alloc((size_t)(rows * columns * pixel - (pixel - channels)), RM_INT8_OVERREAD);
  guarded want = guarded_alloc(out_size, 0), got = guarded_alloc(out_size, 0);
  int8_fill_bytes(c, in.data, in.size, check_range(c, 0, 2) ? INT8_RANDOM : INT8_EXTREME);
  char name[96];
  snprintf(name, sizeof name, "%dx%dx%d k%d s%d p%d", rows, columns, channels, kernel, stride, pad);
  call.in = in.data;
  const ptrdiff_t rows_out = call.shape.out_rows, part = check_range(c, 0, (int)rows_out);
  call.out = want.data;
  (average ? scalar->average_pool.function : scalar->max_pool.function)(&call, 0, rows_out);
  call.out = got.data;
  (average ? variant->average_pool.function : variant->max_pool.function)(&call, 0, part);
  (average ? variant->average_pool.function : variant->max_pool.function)(&call, part, rows_out);
  check_bytes(c, name, want.data, got.data, out_size);
  guarded_free(&in);
  guarded_free(&want);
  guarded_free(&got);
}

static void one_max_pool(check *c, const rm_int8_kernels *scalar, const rm_int8_kernels *variant) {
  pool(c, scalar, variant, 0);
}

static void one_average_pool(check *c, const rm_int8_kernels *scalar, const rm_int8_kernels *variant) {
  pool(c, scalar, variant, 1);
}

static void one_mean(check *c, const rm_int8_kernels *scalar, const rm_int8_kernels *variant) {
  const int pixels = check_range(c, 1, check_range(c, 0, 7) ? 300 : 5000), channels = check_range(c, 1, 140);
  const int pixel = channels + (check_range(c, 0, 2) ? 0 : 3), low = check_range(c, 0, 1) ? 0 : check_range(c, 0, 200);
  guarded in = guarded_alloc((size_t)(pixels * pixel - (pixel - channels)), RM_INT8_OVERREAD);
  guarded want = guarded_alloc((size_t)channels, 0), got = guarded_alloc((size_t)channels, 0);
  int8_fill_bytes(c, in.data, in.size, check_range(c, 0, 2) ? INT8_RANDOM : INT8_EXTREME);
  rm_int8_mean_call call = {in.data, want.data, pixel, pixels, channels, check_range(c, 0, 255), check_range(c, 0, 255),
                            low, check_range(c, low, 255), check_float(c, 0.5f, 2) / (float)pixels};
  scalar->mean.function(&call, 0, channels);
  call.out = got.data;
  const int part = check_range(c, 0, channels);
  variant->mean.function(&call, 0, part);
  variant->mean.function(&call, part, channels);
  char name[64];
  snprintf(name, sizeof name, "%d pixels of %d, %d apart", pixels, channels, pixel);
  check_bytes(c, name, want.data, got.data, (size_t)channels);
  guarded_free(&in);
  guarded_free(&want);
  guarded_free(&got);
}

static void one_resize(check *c, const rm_int8_kernels *scalar, const rm_int8_kernels *variant) {
  const int rows = check_range(c, 1, 9), columns = check_range(c, 1, 12);
  const int channels = check_range(c, 1, 70), pixel = channels + (check_range(c, 0, 2) ? 0 : 3);
  const int whole = check_range(c, 0, 2) ? 1 << check_range(c, 0, 3) : 0;
  const int out_rows = whole ? rows * whole : check_range(c, 1, 20);
  const int out_columns = whole ? columns * whole : check_range(c, 1, 20);
  rm_int8_tap y[80], x[100];
  rm_int8_make_taps(y, out_rows, rows, (double)rows / out_rows, 1);
  rm_int8_make_taps(x, out_columns, columns, (double)columns / out_columns, check_range(c, 0, 1));
  guarded in = guarded_alloc((size_t)(rows * columns * pixel - (pixel - channels)), RM_INT8_OVERREAD);
  const size_t out_size = (size_t)(out_rows * out_columns * pixel - (pixel - channels));
  guarded want = guarded_alloc(out_size, 0), got = guarded_alloc(out_size, 0);
  int8_fill_bytes(c, in.data, in.size, check_range(c, 0, 2) ? INT8_RANDOM : INT8_EXTREME);
  rm_int8_resize_call call = {in.data, want.data, pixel, pixel, rows, columns, out_rows, out_columns, channels, y,
                              x, 0};
  scalar->resize.function(&call, 0, out_rows);
  call.out = got.data;
  const int split = check_range(c, 0, out_rows);
  variant->resize.function(&call, 0, split);
  if (split < out_rows) {
    // The rest as a map of its own, of the rows that it needs.
    call.first_row = y[split].first;
    call.in += (ptrdiff_t)call.first_row * columns * pixel;
    call.in_rows -= call.first_row;
    call.out += (ptrdiff_t)split * out_columns * pixel;
    call.rows += split;
    call.out_rows -= split;
    variant->resize.function(&call, 0, call.out_rows);
  }
  char name[96];
  snprintf(name, sizeof name, "%dx%d->%dx%d x%d", rows, columns, out_rows, out_columns, channels);
  check_bytes(c, name, want.data, got.data, out_size);
  guarded_free(&in);
  guarded_free(&want);
  guarded_free(&got);
}

static void one_warp(check *c, const rm_int8_kernels *scalar, const rm_int8_kernels *variant) {
  const int coarse = check_range(c, 0, 1), source_rows = check_range(c, 1, 8), source_columns = check_range(c, 1, 10);
  const int rows = source_rows << coarse, columns = source_columns << coarse;
  const int channels = check_range(c, 1, 70), pixel = channels + (check_range(c, 0, 2) ? 0 : 3);
  guarded source = guarded_alloc((size_t)(source_rows * source_columns * pixel - (pixel - channels)), RM_INT8_OVERREAD);
  guarded offsets = guarded_alloc((size_t)(rows * columns * 2), RM_INT8_OVERREAD);
  guarded scores = guarded_alloc((size_t)(rows * columns * 9), RM_INT8_OVERREAD);
  const size_t out_size = (size_t)(rows * columns * pixel - (pixel - channels));
  guarded want = guarded_alloc(out_size, 0), got = guarded_alloc(out_size, 0);
  int8_fill_bytes(c, source.data, source.size, check_range(c, 0, 2) ? INT8_RANDOM : INT8_EXTREME);
  int8_fill_bytes(c, offsets.data, offsets.size, check_range(c, 0, 2) ? INT8_RANDOM : INT8_EXTREME);
  check_fill_u8(c, scores.data, scores.size);
  rm_int8_warp_call call = {.source = source.data,
                            .offsets = offsets.data,
                            .scores = check_range(c, 0, 1) ? scores.data : NULL,
                            .out = want.data,
                            .source_pixel = pixel,
                            .offsets_pixel = 2,
                            .scores_pixel = 9,
                            .out_pixel = pixel,
                            .source_rows = source_rows,
                            .source_columns = source_columns,
                            .rows = rows,
                            .columns = columns,
                            .channels = channels,
                            .coarse = coarse};
  for (int i = 0; i < 256; i++) call.table[i] = (uint16_t)(32767 >> (i / 8 < 16 ? i / 8 : 16));
  scalar->warp.function(&call, 0, rows);
  call.out = got.data;
  const int split = check_range(c, 0, rows);
  variant->warp.function(&call, 0, split);
  variant->warp.function(&call, split, rows);
  char name[96];
  snprintf(name, sizeof name, "%dx%dx%d%s%s", rows, columns, channels, coarse ? " coarse" : "",
           call.scores ? " mask" : "");
  check_bytes(c, name, want.data, got.data, out_size);
  guarded *all[] = {&source, &offsets, &scores, &want, &got};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) guarded_free(all[i]);
}

static void one_local_attention(check *c, const rm_int8_kernels *scalar, const rm_int8_kernels *variant) {
  const int rows = check_range(c, 1, 6), columns = check_range(c, 1, 8), region = 3 + 2 * check_range(c, 0, 2);
  const int depth = check_range(c, 0, 2) ? 32 : check_range(c, 1, 40), channels = check_range(c, 1, 70);
  const int gap = check_range(c, 0, 2) ? 0 : 3, pixels = rows * columns, cells = region * region;
  guarded query = guarded_alloc((size_t)(4 * pixels * (depth + gap) - gap), RM_INT8_OVERREAD);
  guarded key = guarded_alloc((size_t)(pixels * (depth + gap) - gap), RM_INT8_OVERREAD);
  guarded value = guarded_alloc((size_t)(pixels * (channels + gap) - gap), RM_INT8_OVERREAD);
  guarded *inputs[] = {&query, &key, &value};
  for (int i = 0; i < 3; i++)
    int8_fill_bytes(c, inputs[i]->data, inputs[i]->size, check_range(c, 0, 2) ? INT8_RANDOM : INT8_EXTREME);
  const size_t out_size = (size_t)(4 * pixels * (channels + gap) - gap);
  guarded want = guarded_alloc(out_size, 0), got = guarded_alloc(out_size, 0);
  int32_t bias[4 * RM_INT8_LOCAL_CELLS];
  for (int i = 0; i < 4 * cells; i++) bias[i] = check_range(c, -90, 90);
  rm_int8_local_attention_call call = {.query = query.data, .key = key.data, .value = value.data, .out = want.data,
                                 .query_pixel = depth + gap, .key_pixel = depth + gap, .value_pixel = channels + gap,
                                 .out_pixel = channels + gap, .bias = bias, .query_zero = check_range(c, 0, 255),
                                 .key_zero = check_range(c, 0, 255), .value_zero = check_range(c, 0, 255),
                                 .rows = rows, .columns = columns, .depth = depth, .channels = channels,
                                 .region = region, .multiplier = check_float(c, 1e-5f, 1e-2f)};
  for (int i = 0; i < 256; i++) call.table[i] = (uint16_t)(32767 >> (i / 22));
  scalar->local_attention.function(&call, 0, rows);
  call.out = got.data;
  const int split = check_range(c, 0, rows);
  variant->local_attention.function(&call, 0, split);
  variant->local_attention.function(&call, split, rows);
  char name[96];
  snprintf(name, sizeof name, "%dx%d d%d x%d r%d", rows, columns, depth, channels, region);
  check_bytes(c, name, want.data, got.data, out_size);
  guarded *all[] = {&query, &key, &value, &want, &got};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) guarded_free(all[i]);
}

static void one_global_attention(check *c, const rm_int8_kernels *scalar, const rm_int8_kernels *variant) {
  const int pixels = check_range(c, 0, 9) ? check_range(c, 1, 40) :
      check_range(c, 0, 2) ? check_range(c, 255, 520) : 4099;
  const int depth = check_range(c, 0, 2) ? 16 * check_range(c, 1, 8) : check_range(c, 1, 140);
  const int channels = check_range(c, 1, 70), gap = check_range(c, 0, 2) ? 0 : 3;
  guarded query = guarded_alloc((size_t)(pixels * (depth + gap) - gap), RM_INT8_OVERREAD);
  guarded key = guarded_alloc(query.size, RM_INT8_OVERREAD);
  guarded value = guarded_alloc((size_t)(pixels * (channels + gap) - gap), RM_INT8_OVERREAD);
  guarded *inputs[] = {&query, &key, &value};
  for (int i = 0; i < 3; i++)
    int8_fill_bytes(c, inputs[i]->data, inputs[i]->size, check_range(c, 0, 2) ? INT8_RANDOM : INT8_EXTREME);
  const int wanted = pixels < 600 ? pixels : 7;
  const size_t out_size = (size_t)(wanted * (channels + gap) - gap);
  guarded want = guarded_alloc(out_size, 0), got = guarded_alloc(out_size, 0);
  uint16_t table[RM_INT8_EXPONENTS];
  const int flat = !check_range(c, 0, 5);
  for (int i = 0; i < RM_INT8_EXPONENTS; i++)
    table[i] = (uint16_t)(flat ? 32767 : 32767 >> (i / 44 < 15 ? i / 44 : 15));
  rm_int8_global_attention_call call = {.query = query.data, .key = key.data, .value = value.data, .out = want.data,
                                        .query_pixel = depth + gap, .key_pixel = depth + gap,
                                        .value_pixel = channels + gap, .out_pixel = channels + gap,
                                        .query_zero = check_range(c, 0, 255), .key_zero = check_range(c, 0, 255),
                                        .pixels = pixels, .depth = depth, .channels = channels,
                                        .multiplier = check_float(c, 1e-5f, 1e-2f), .table = table};
  scalar->global_attention.function(&call, 0, wanted);
  call.out = got.data;
  const int split = check_range(c, 0, wanted);
  variant->global_attention.function(&call, 0, split);
  variant->global_attention.function(&call, split, wanted);
  char name[96];
  snprintf(name, sizeof name, "%d d%d x%d", pixels, depth, channels);
  check_bytes(c, name, want.data, got.data, out_size);
  guarded *all[] = {&query, &key, &value, &want, &got};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) guarded_free(all[i]);
}

static void one_sample(check *c, const rm_int8_kernels *scalar, const rm_int8_kernels *variant) {
  const int source_rows = check_range(c, 1, 8), source_columns = check_range(c, 1, 10);
  const int rows = check_range(c, 1, 9), columns = check_range(c, 1, 12);
  const int channels = check_range(c, 1, 140), pixel = channels + (check_range(c, 0, 2) ? 0 : 3);
  guarded source = guarded_alloc((size_t)(source_rows * source_columns * pixel - (pixel - channels)), RM_INT8_OVERREAD);
  guarded grid = guarded_alloc((size_t)(rows * columns * 2), RM_INT8_OVERREAD);
  const size_t out_size = (size_t)(rows * columns * pixel - (pixel - channels));
  guarded want = guarded_alloc(out_size, 0), got = guarded_alloc(out_size, 0);
  int8_fill_bytes(c, source.data, source.size, check_range(c, 0, 2) ? INT8_RANDOM : INT8_EXTREME);
  check_fill_u8(c, grid.data, grid.size);
  int32_t xs[256], ys[256];
  for (int i = 0; i < 256; i++) {
    xs[i] = check_range(c, 0, (source_columns - 1) * 64);
    ys[i] = check_range(c, 0, (source_rows - 1) * 64);
  }
  rm_int8_sample_call call = {source.data, grid.data, want.data, pixel,   2,        pixel, source_rows,
                              source_columns, rows,   columns,   channels, xs,      ys};
  scalar->sample.function(&call, 0, rows);
  call.out = got.data;
  const int split = check_range(c, 0, rows);
  variant->sample.function(&call, 0, split);
  variant->sample.function(&call, split, rows);
  char name[96];
  snprintf(name, sizeof name, "%dx%d->%dx%d x%d", source_rows, source_columns, rows, columns, channels);
  check_bytes(c, name, want.data, got.data, out_size);
  guarded *all[] = {&source, &grid, &want, &got};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) guarded_free(all[i]);
}

void check_int8_max_pool(check *c) { int8_repeat(c, one_max_pool, 150); }
void check_int8_average_pool(check *c) { int8_repeat(c, one_average_pool, 150); }
void check_int8_mean(check *c) { int8_repeat(c, one_mean, 150); }
void check_int8_resize(check *c) {
  if (c->level == RM_CPU_SCALAR) int8_expect_taps(c);
  int8_repeat(c, one_resize, 150);
}
void check_int8_sample(check *c) { int8_repeat(c, one_sample, 150); }
void check_int8_warp(check *c) {
  if (c->level == RM_CPU_SCALAR) int8_expect_warp(c);
  int8_repeat(c, one_warp, 150);
}
void check_int8_local_attention(check *c) { int8_repeat(c, one_local_attention, 150); }
void check_int8_global_attention(check *c) { int8_repeat(c, one_global_attention, 150); }
