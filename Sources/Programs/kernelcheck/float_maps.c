// SPDX-License-Identifier: Apache-2.0
#include "float.h"

static void pool(check *c, int average, int rows, int columns, int channels, int kernel, int stride, int pad) {
  char shape[96];
  if (rows + 2 * pad < kernel || columns + 2 * pad < kernel) return;
  const int gap = check_range(c, 0, 2);
  snprintf(shape, sizeof shape, "%dx%dx%d k%d s%d p%d", rows, columns, channels, kernel, stride, pad);
  rm_float_pool p = {
      .in_stride = channels + gap, .out_stride = channels, .batch = 1, .in_rows = rows, .in_columns = columns,
      .channels = channels, .out_rows = (rows + 2 * pad - kernel) / stride + 1,
      .out_columns = (columns + 2 * pad - kernel) / stride + 1, .kernel_rows = kernel, .kernel_columns = kernel,
      .stride_rows = stride, .stride_columns = stride, .pad_top = pad, .pad_left = pad, .pad_bottom = pad,
      .pad_right = pad, .count_include_pad = check_range(c, 0, 1),
  };
  const size_t count = (size_t)p.out_rows * p.out_columns * channels;
  float_array in = float_random(c, (size_t)rows * columns * (channels + gap) - gap, -1, 1);
  float_array want = float_random(c, count, 0, 0), got = float_random(c, count, 0, 0);
  p.input = in.at;
  p.output = want.at;
  rm_float_pool q = p;
  q.output = got.at;
  const rm_float_table *s = float_scalar(c), *v = float_variant(c);
  const float_case what = {
      .shape = shape, .scalar = (float_kernel)(average ? s->average_pool.function : s->max_pool.function),
      .variant = (float_kernel)(average ? v->average_pool.function : v->max_pool.function), .scalar_arguments = &p,
      .variant_arguments = &q, .units = p.out_rows, .want = want.at, .got = got.at, .count = count, .relative = 0,
      .absolute = average ? 2e-6f : 0, .rounding = average ? 8 : 0,
      .work = (double)((in.count + count) * float_size(c)), .unit = "B",
  };
  float_run(c, &what);
  float_free(&in);
  float_free(&want);
  float_free(&got);
}

static void global_average_pool(check *c, int batch, int pixels, int channels) {
  char shape[96];
  const int gap = check_range(c, 0, 3);
  snprintf(shape, sizeof shape, "%d*%dx%d", batch, pixels, channels);
  const size_t count = (size_t)batch * channels;
  float_array in = float_random(c, (size_t)batch * pixels * (channels + gap) - gap, -1, 1);
  float_array want = float_random(c, count, 0, 0), got = float_random(c, count, 0, 0);
  const rm_float_global_pool p = {.input = in.at, .output = want.at, .in_stride = channels + gap, .batch = batch,
                                 .pixels = pixels, .channels = channels};
  rm_float_global_pool q = p;
  q.output = got.at;
  const float_case what = {
      .shape = shape, .scalar = (float_kernel)float_scalar(c)->global_average_pool.function,
      .variant = (float_kernel)float_variant(c)->global_average_pool.function, .scalar_arguments = &p,
      .variant_arguments = &q,
      .units = batch, .want = want.at, .got = got.at, .count = count, .relative = 0, .absolute = 2e-6f,
      .work = (double)(in.count * float_size(c)), .unit = "B",
  };
  float_run(c, &what);
  float_free(&in);
  float_free(&want);
  float_free(&got);
}

static void gridsample(check *c, int rows, int columns, int channels, int out_rows, int out_columns, int border,
                       int nearest, float reach) {
  char shape[96];
  snprintf(shape, sizeof shape, "%dx%dx%d to %dx%d%s%s", rows, columns, channels, out_rows, out_columns,
           border ? " border" : "", nearest ? " nearest" : "");
  const size_t pixels = (size_t)out_rows * out_columns, count = pixels * channels;
  float_array in = float_random(c, (size_t)rows * columns * channels, -1, 1);
  float_array grid = float_floats(c, pixels * 2, -reach, reach);
  float_array want = float_random(c, count, 0, 0), got = float_random(c, count, 0, 0);
  const rm_float_gridsample g = {
      .input = in.at, .grid = grid.at, .output = want.at, .batch = 1, .in_rows = rows, .in_columns = columns,
      .channels = channels, .out_rows = out_rows, .out_columns = out_columns, .align_corners = check_range(c, 0, 1),
      .border = border, .nearest = nearest,
  };
  rm_float_gridsample q = g;
  q.output = got.at;
  const float_case what = {
      .shape = shape, .scalar = (float_kernel)float_scalar(c)->gridsample.function,
      .variant = (float_kernel)float_variant(c)->gridsample.function, .scalar_arguments = &g, .variant_arguments = &q,
      .units = out_rows, .want = want.at, .got = got.at, .count = count, .relative = 0, .absolute = 2e-6f,
      .rounding = 8, .work = (double)((in.count + count) * float_size(c)), .unit = "B",
  };
  float_run(c, &what);
  float_free(&in);
  float_free(&grid);
  float_free(&want);
  float_free(&got);
}

static void resize(check *c, int rows, int columns, int channels, int out_rows, int out_columns) {
  char shape[96];
  snprintf(shape, sizeof shape, "%dx%dx%d to %dx%d", rows, columns, channels, out_rows, out_columns);
  const size_t count = (size_t)out_rows * out_columns * channels;
  float_array in = float_random(c, (size_t)rows * columns * channels, -1, 1);
  float_array want = float_random(c, count, 0, 0), got = float_random(c, count, 0, 0);
  int tables[4][512];
  float_array row_weights = float_floats(c, (size_t)out_rows, 0, 1),
             column_weights = float_floats(c, (size_t)out_columns, 0, 1);
  for (int i = 0; i < out_rows; i++) {
    tables[0][i] = check_range(c, 0, rows - 1);
    tables[1][i] = check_range(c, 0, rows - 1);
  }
  for (int i = 0; i < out_columns; i++) {
    tables[2][i] = check_range(c, 0, columns - 1);
    tables[3][i] = check_range(c, 0, columns - 1);
  }
  rm_float_resize r = {
      .input = in.at, .output = want.at, .in_stride = channels, .out_stride = channels, .rows0 = tables[0],
      .rows1 = tables[1], .columns0 = tables[2], .columns1 = tables[3], .row_weights = row_weights.at,
      .column_weights = column_weights.at, .batch = 1, .in_rows = rows, .in_columns = columns, .channels = channels,
      .out_rows = out_rows, .out_columns = out_columns,
  };
  rm_float_resize q = r;
  q.output = got.at;
  const float_case what = {
      .shape = shape, .scalar = (float_kernel)float_scalar(c)->resize.function,
      .variant = (float_kernel)float_variant(c)->resize.function, .scalar_arguments = &r, .variant_arguments = &q,
      .units = out_rows, .want = want.at, .got = got.at, .count = count, .relative = 0, .absolute = 2e-6f,
      .rounding = 8, .work = (double)((in.count + count) * float_size(c)), .unit = "B",
  };
  float_run(c, &what);
  float_free(&in);
  float_free(&row_weights);
  float_free(&column_weights);
  float_free(&want);
  float_free(&got);
}

static void warp(check *c, int source_rows, int source_columns, int channels, int scale, int mask, int residual,
                 float reach) {
  char shape[96];
  const int rows = source_rows * scale, columns = source_columns * scale;
  snprintf(shape, sizeof shape, "%dx%dx%d x%d%s%s", source_rows, source_columns, channels, scale, mask ? " mask" : "",
           residual ? " +r" : "");
  const size_t pixels = (size_t)rows * columns, count = pixels * channels;
  float_array source = float_random(c, (size_t)source_rows * source_columns * channels, -1, 1);
  float_array offsets = float_random(c, pixels * 2, -reach, reach);
  float_array weights = float_random(c, pixels * 9, 0, 0.25f), other = float_random(c, count, -1, 1);
  float_array want = float_random(c, count, 0, 0), got = float_random(c, count, 0, 0);
  rm_float_warp w = {
      .source = source.at, .offsets = offsets.at, .mask = mask ? weights.at : NULL,
      .residual = residual ? other.at : NULL, .output = want.at, .source_stride = channels, .offsets_stride = 2,
      .mask_stride = 9, .residual_stride = channels, .out_stride = channels, .batch = 1, .source_rows = source_rows,
      .source_columns = source_columns, .channels = channels, .rows = rows, .columns = columns, .scale = scale,
  };
  rm_float_warp q = w;
  q.output = got.at;
  const float_case what = {
      .shape = shape, .scalar = (float_kernel)float_scalar(c)->warp.function,
      .variant = (float_kernel)float_variant(c)->warp.function, .scalar_arguments = &w, .variant_arguments = &q,
      .units = rows, .want = want.at, .got = got.at, .count = count, .relative = 0, .absolute = 4e-6f,
      .rounding = 8, .work = (double)((source.count + count) * float_size(c)), .unit = "B",
  };
  float_run(c, &what);
  float_free(&source);
  float_free(&offsets);
  float_free(&weights);
  float_free(&other);
  float_free(&want);
  float_free(&got);
}

static void local_attention(check *c, int rows, int columns, int depth, int channels, int region) {
  char shape[96];
  snprintf(shape, sizeof shape, "%dx%d d%d x%d r%d", rows, columns, depth, channels, region);
  const size_t pixels = (size_t)rows * columns, count = 4 * pixels * channels;
  float_array query = float_random(c, 4 * pixels * depth, -1, 1), key = float_random(c, pixels * depth, -1, 1);
  float_array value = float_random(c, pixels * channels, -1, 1),
             bias = float_floats(c, (size_t)(4 * region * region), -2, 2);
  float_array want = float_random(c, count, 0, 0), got = float_random(c, count, 0, 0);
  rm_float_local_attention a = {
      .query = query.at, .key = key.at, .value = value.at, .bias = bias.at, .output = want.at, .query_stride = depth,
      .key_stride = depth, .value_stride = channels, .out_stride = channels, .batch = 1, .rows = rows,
      .columns = columns, .depth = depth, .channels = channels, .region = region, .scale = 0.2f,
  };
  rm_float_local_attention b = a;
  b.output = got.at;
  const float_case what = {
      .shape = shape, .scalar = (float_kernel)float_scalar(c)->local_attention.function,
      .variant = (float_kernel)float_variant(c)->local_attention.function, .scalar_arguments = &a,
      .variant_arguments = &b,
      .units = rows, .want = want.at, .got = got.at, .count = count, .relative = 0, .absolute = 4e-6f,
      .work = 4.0 * (double)pixels * region * region * (depth + channels), .unit = "MAC",
  };
  float_run(c, &what);
  float_array *all[] = {&query, &key, &value, &bias, &want, &got};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) float_free(all[i]);
}

static void global_attention(check *c, int batch, int pixels, int depth, int channels) {
  char shape[96];
  snprintf(shape, sizeof shape, "%d*%d d%d x%d", batch, pixels, depth, channels);
  const size_t all = (size_t)batch * pixels, count = all * channels;
  float_array query = float_random(c, all * depth, -1, 1), key = float_random(c, all * depth, -1, 1);
  float_array value = float_random(c, count, -1, 1);
  float_array want = float_random(c, count, 0, 0), got = float_random(c, count, 0, 0);
  rm_float_global_attention a = {
      .query = query.at, .key = key.at, .value = value.at, .output = want.at, .query_stride = depth,
      .key_stride = depth, .value_stride = channels, .out_stride = channels, .batch = batch, .pixels = pixels,
      .depth = depth, .channels = channels, .scale = 0.5f,
  };
  rm_float_global_attention b = a;
  b.output = got.at;
  const float_case what = {
      .shape = shape, .scalar = (float_kernel)float_scalar(c)->global_attention.function,
      .variant = (float_kernel)float_variant(c)->global_attention.function, .scalar_arguments = &a,
      .variant_arguments = &b,
      .units = (int)all, .want = want.at, .got = got.at, .count = count, .relative = 0, .absolute = 1e-5f,
      .work = (double)all * pixels * (depth + channels), .unit = "MAC",
  };
  float_run(c, &what);
  float_array *every[] = {&query, &key, &value, &want, &got};
  for (size_t i = 0; i < sizeof every / sizeof *every; i++) float_free(every[i]);
}

static void some_pools(check *c, int average) {
  for (int i = 0; i < 40; i++) {
    const int kernel = check_range(c, 1, 5), pad = check_range(c, 0, (kernel - 1) / 2);
    pool(c, average, check_range(c, 1, 12), check_range(c, 1, 12), check_range(c, 1, 40), kernel, check_range(c, 1, 3),
         pad);
  }
}
void check_float_average_pool(check *c) { some_pools(c, 1); }
void bench_float_average_pool(check *c) { pool(c, 1, 96, 120, 24, 8, 8, 0); }
void check_float_max_pool(check *c) { some_pools(c, 0); }
void bench_float_max_pool(check *c) { pool(c, 0, 48, 60, 64, 5, 1, 2); }

void check_float_global_average_pool(check *c) {
  for (int i = 0; i < 80; i++)
    global_average_pool(c, check_range(c, 1, 3), check_range(c, 1, i % 8 ? 20 : 600),
                        check_range(c, 1, 40) * (1 + i % 3));
}
void bench_float_global_average_pool(check *c) { global_average_pool(c, 1, 96 * 120, 64); }

void check_float_gridsample(check *c) {
  for (int i = 0; i < 80; i++)
    gridsample(c, check_range(c, 1, 7), check_range(c, 1, 7), check_range(c, 1, 40), check_range(c, 1, 9),
               check_range(c, 1, 9), i & 1, i % 4 == 3, i % 5 ? 1.5f : 1e30f);
}
void bench_float_gridsample(check *c) { gridsample(c, 48, 60, 64, 96, 120, 1, 0, 1); }

void check_float_resize(check *c) {
  for (int i = 0; i < 80; i++)
    resize(c, check_range(c, 1, 7), check_range(c, 1, 7), check_range(c, 1, 40), check_range(c, 1, 9),
           check_range(c, 1, 9));
}
void bench_float_resize(check *c) { resize(c, 48, 60, 64, 96, 120); }

void check_float_warp(check *c) {
  for (int i = 0; i < 80; i++)
    warp(c, check_range(c, 1, 6), check_range(c, 1, 6), check_range(c, 1, 40), 1 + (i >> 1 & 1), i & 1, i >> 2 & 1,
         i % 5 ? 3.0f : 1e30f);
}
void bench_float_warp(check *c) { warp(c, 48, 60, 64, 2, 1, 1, 2); }

void check_float_local_attention(check *c) {
  for (int i = 0; i < 80; i++)
    local_attention(c, check_range(c, 1, 5), check_range(c, 1, 6), check_range(c, 1, 40), check_range(c, 1, 40),
                    3 + 2 * (i % 3));
}
void bench_float_local_attention(check *c) { local_attention(c, 48, 60, 32, 64, 3); }

void check_float_global_attention(check *c) {
  for (int i = 0; i < 80; i++)
    global_attention(c, check_range(c, 1, 2), check_range(c, 1, i % 8 ? 20 : 200), check_range(c, 1, 40),
                     check_range(c, 1, 40));
}
void bench_float_global_attention(check *c) { global_attention(c, 1, 720, 32, 32); }
