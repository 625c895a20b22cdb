// SPDX-License-Identifier: Apache-2.0
#include "real.h"

static void pool(check *c, int average, int rows, int columns, int channels, int kernel, int stride, int pad) {
  char name[64], shape[96];
  real_name(c, name, sizeof name, average ? "average_pool" : "max_pool");
  if (!check_wants(c, name) || rows + 2 * pad < kernel || columns + 2 * pad < kernel) return;
  const int gap = check_range(c, 0, 2);
  snprintf(shape, sizeof shape, "%dx%dx%d k%d s%d p%d", rows, columns, channels, kernel, stride, pad);
  rm_real_pool p = {
      .in_stride = channels + gap, .out_stride = channels, .batch = 1, .in_rows = rows, .in_columns = columns,
      .channels = channels, .out_rows = (rows + 2 * pad - kernel) / stride + 1,
      .out_columns = (columns + 2 * pad - kernel) / stride + 1, .kernel_rows = kernel, .kernel_columns = kernel,
      .stride_rows = stride, .stride_columns = stride, .pad_top = pad, .pad_left = pad, .pad_bottom = pad,
      .pad_right = pad, .count_include_pad = check_range(c, 0, 1),
  };
  const size_t count = (size_t)p.out_rows * p.out_columns * channels;
  real_array in = real_random(c, (size_t)rows * columns * (channels + gap) - gap, -1, 1);
  real_array want = real_random(c, count, 0, 0), got = real_random(c, count, 0, 0);
  p.input = in.at;
  p.output = want.at;
  rm_real_pool q = p;
  q.output = got.at;
  const rm_real_table *s = real_scalar(c), *v = real_variant(c);
  const real_case what = {
      .name = name, .shape = shape, .scalar = (real_kernel)(average ? s->average_pool : s->max_pool),
      .variant = (real_kernel)(average ? v->average_pool : v->max_pool), .scalar_arguments = &p,
      .variant_arguments = &q, .units = p.out_rows, .want = want.at, .got = got.at, .count = count, .relative = 0,
      .absolute = average ? 2e-6f : 0, .rounding = average ? 8 : 0,
      .work = (double)((in.count + count) * real_size(c)), .unit = "B",
  };
  real_run(c, &what);
  real_free(&in);
  real_free(&want);
  real_free(&got);
}

static void global_average_pool(check *c, int batch, int pixels, int channels) {
  char name[64], shape[96];
  real_name(c, name, sizeof name, "global_average_pool");
  if (!check_wants(c, name)) return;
  const int gap = check_range(c, 0, 3);
  snprintf(shape, sizeof shape, "%d*%dx%d", batch, pixels, channels);
  const size_t count = (size_t)batch * channels;
  real_array in = real_random(c, (size_t)batch * pixels * (channels + gap) - gap, -1, 1);
  real_array want = real_random(c, count, 0, 0), got = real_random(c, count, 0, 0);
  const rm_real_global_pool p = {.input = in.at, .output = want.at, .in_stride = channels + gap, .batch = batch,
                                 .pixels = pixels, .channels = channels};
  rm_real_global_pool q = p;
  q.output = got.at;
  const real_case what = {
      .name = name, .shape = shape, .scalar = (real_kernel)real_scalar(c)->global_average_pool,
      .variant = (real_kernel)real_variant(c)->global_average_pool, .scalar_arguments = &p, .variant_arguments = &q,
      .units = batch, .want = want.at, .got = got.at, .count = count, .relative = 0, .absolute = 2e-6f,
      .work = (double)(in.count * real_size(c)), .unit = "B",
  };
  real_run(c, &what);
  real_free(&in);
  real_free(&want);
  real_free(&got);
}

static void gridsample(check *c, int rows, int columns, int channels, int out_rows, int out_columns, int border,
                       int nearest, float reach) {
  char name[64], shape[96];
  real_name(c, name, sizeof name, "gridsample");
  if (!check_wants(c, name)) return;
  snprintf(shape, sizeof shape, "%dx%dx%d to %dx%d%s%s", rows, columns, channels, out_rows, out_columns,
           border ? " border" : "", nearest ? " nearest" : "");
  const size_t pixels = (size_t)out_rows * out_columns, count = pixels * channels;
  real_array in = real_random(c, (size_t)rows * columns * channels, -1, 1);
  real_array grid = real_floats(c, pixels * 2, -reach, reach);
  real_array want = real_random(c, count, 0, 0), got = real_random(c, count, 0, 0);
  const rm_real_gridsample g = {
      .input = in.at, .grid = grid.at, .output = want.at, .batch = 1, .in_rows = rows, .in_columns = columns,
      .channels = channels, .out_rows = out_rows, .out_columns = out_columns, .align_corners = check_range(c, 0, 1),
      .border = border, .nearest = nearest,
  };
  rm_real_gridsample q = g;
  q.output = got.at;
  const real_case what = {
      .name = name, .shape = shape, .scalar = (real_kernel)real_scalar(c)->gridsample,
      .variant = (real_kernel)real_variant(c)->gridsample, .scalar_arguments = &g, .variant_arguments = &q,
      .units = out_rows, .want = want.at, .got = got.at, .count = count, .relative = 0, .absolute = 2e-6f,
      .rounding = 8, .work = (double)((in.count + count) * real_size(c)), .unit = "B",
  };
  real_run(c, &what);
  real_free(&in);
  real_free(&grid);
  real_free(&want);
  real_free(&got);
}

static void resize(check *c, int rows, int columns, int channels, int out_rows, int out_columns) {
  char name[64], shape[96];
  real_name(c, name, sizeof name, "resize");
  if (!check_wants(c, name)) return;
  snprintf(shape, sizeof shape, "%dx%dx%d to %dx%d", rows, columns, channels, out_rows, out_columns);
  const size_t count = (size_t)out_rows * out_columns * channels;
  real_array in = real_random(c, (size_t)rows * columns * channels, -1, 1);
  real_array want = real_random(c, count, 0, 0), got = real_random(c, count, 0, 0);
  int tables[4][512];
  real_array row_weights = real_floats(c, (size_t)out_rows, 0, 1),
             column_weights = real_floats(c, (size_t)out_columns, 0, 1);
  for (int i = 0; i < out_rows; i++) {
    tables[0][i] = check_range(c, 0, rows - 1);
    tables[1][i] = check_range(c, 0, rows - 1);
  }
  for (int i = 0; i < out_columns; i++) {
    tables[2][i] = check_range(c, 0, columns - 1);
    tables[3][i] = check_range(c, 0, columns - 1);
  }
  rm_real_resize r = {
      .input = in.at, .output = want.at, .in_stride = channels, .out_stride = channels, .rows0 = tables[0],
      .rows1 = tables[1], .columns0 = tables[2], .columns1 = tables[3], .row_weights = row_weights.at,
      .column_weights = column_weights.at, .batch = 1, .in_rows = rows, .in_columns = columns, .channels = channels,
      .out_rows = out_rows, .out_columns = out_columns,
  };
  rm_real_resize q = r;
  q.output = got.at;
  const real_case what = {
      .name = name, .shape = shape, .scalar = (real_kernel)real_scalar(c)->resize,
      .variant = (real_kernel)real_variant(c)->resize, .scalar_arguments = &r, .variant_arguments = &q,
      .units = out_rows, .want = want.at, .got = got.at, .count = count, .relative = 0, .absolute = 2e-6f,
      .rounding = 8, .work = (double)((in.count + count) * real_size(c)), .unit = "B",
  };
  real_run(c, &what);
  real_free(&in);
  real_free(&row_weights);
  real_free(&column_weights);
  real_free(&want);
  real_free(&got);
}

static void warp(check *c, int source_rows, int source_columns, int channels, int scale, int mask, int residual,
                 float reach) {
  char name[64], shape[96];
  real_name(c, name, sizeof name, "warp");
  if (!check_wants(c, name)) return;
  const int rows = source_rows * scale, columns = source_columns * scale;
  snprintf(shape, sizeof shape, "%dx%dx%d x%d%s%s", source_rows, source_columns, channels, scale, mask ? " mask" : "",
           residual ? " +r" : "");
  const size_t pixels = (size_t)rows * columns, count = pixels * channels;
  real_array source = real_random(c, (size_t)source_rows * source_columns * channels, -1, 1);
  real_array offsets = real_random(c, pixels * 2, -reach, reach);
  real_array weights = real_random(c, pixels * 9, 0, 0.25f), other = real_random(c, count, -1, 1);
  real_array want = real_random(c, count, 0, 0), got = real_random(c, count, 0, 0);
  rm_real_warp w = {
      .source = source.at, .offsets = offsets.at, .mask = mask ? weights.at : NULL,
      .residual = residual ? other.at : NULL, .output = want.at, .source_stride = channels, .offsets_stride = 2,
      .mask_stride = 9, .residual_stride = channels, .out_stride = channels, .batch = 1, .source_rows = source_rows,
      .source_columns = source_columns, .channels = channels, .rows = rows, .columns = columns, .scale = scale,
  };
  rm_real_warp q = w;
  q.output = got.at;
  const real_case what = {
      .name = name, .shape = shape, .scalar = (real_kernel)real_scalar(c)->warp,
      .variant = (real_kernel)real_variant(c)->warp, .scalar_arguments = &w, .variant_arguments = &q,
      .units = rows, .want = want.at, .got = got.at, .count = count, .relative = 0, .absolute = 4e-6f,
      .rounding = 8, .work = (double)((source.count + count) * real_size(c)), .unit = "B",
  };
  real_run(c, &what);
  real_free(&source);
  real_free(&offsets);
  real_free(&weights);
  real_free(&other);
  real_free(&want);
  real_free(&got);
}

static void local_attention(check *c, int rows, int columns, int depth, int channels, int region) {
  char name[64], shape[96];
  real_name(c, name, sizeof name, "local_attention");
  if (!check_wants(c, name)) return;
  snprintf(shape, sizeof shape, "%dx%d d%d x%d r%d", rows, columns, depth, channels, region);
  const size_t pixels = (size_t)rows * columns, count = 4 * pixels * channels;
  real_array query = real_random(c, 4 * pixels * depth, -1, 1), key = real_random(c, pixels * depth, -1, 1);
  real_array value = real_random(c, pixels * channels, -1, 1),
             bias = real_floats(c, (size_t)(4 * region * region), -2, 2);
  real_array want = real_random(c, count, 0, 0), got = real_random(c, count, 0, 0);
  rm_real_local_attention a = {
      .query = query.at, .key = key.at, .value = value.at, .bias = bias.at, .output = want.at, .query_stride = depth,
      .key_stride = depth, .value_stride = channels, .out_stride = channels, .batch = 1, .rows = rows,
      .columns = columns, .depth = depth, .channels = channels, .region = region, .scale = 0.2f,
  };
  rm_real_local_attention b = a;
  b.output = got.at;
  const real_case what = {
      .name = name, .shape = shape, .scalar = (real_kernel)real_scalar(c)->local_attention,
      .variant = (real_kernel)real_variant(c)->local_attention, .scalar_arguments = &a, .variant_arguments = &b,
      .units = rows, .want = want.at, .got = got.at, .count = count, .relative = 0, .absolute = 4e-6f,
      .work = 4.0 * (double)pixels * region * region * (depth + channels), .unit = "MAC",
  };
  real_run(c, &what);
  real_array *all[] = {&query, &key, &value, &bias, &want, &got};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) real_free(all[i]);
}

static void global_attention(check *c, int batch, int pixels, int depth, int channels) {
  char name[64], shape[96];
  real_name(c, name, sizeof name, "global_attention");
  if (c->half || !check_wants(c, name)) return;
  snprintf(shape, sizeof shape, "%d*%d d%d x%d", batch, pixels, depth, channels);
  const size_t all = (size_t)batch * pixels, count = all * channels;
  real_array query = real_random(c, all * depth, -1, 1), key = real_random(c, all * depth, -1, 1);
  real_array value = real_random(c, count, -1, 1);
  real_array want = real_random(c, count, 0, 0), got = real_random(c, count, 0, 0);
  rm_real_global_attention a = {
      .query = query.at, .key = key.at, .value = value.at, .output = want.at, .query_stride = depth,
      .key_stride = depth, .value_stride = channels, .out_stride = channels, .batch = batch, .pixels = pixels,
      .depth = depth, .channels = channels, .scale = 0.5f,
  };
  rm_real_global_attention b = a;
  b.output = got.at;
  const real_case what = {
      .name = name, .shape = shape, .scalar = (real_kernel)real_scalar(c)->global_attention,
      .variant = (real_kernel)real_variant(c)->global_attention, .scalar_arguments = &a, .variant_arguments = &b,
      .units = (int)all, .want = want.at, .got = got.at, .count = count, .relative = 0, .absolute = 1e-5f,
      .work = (double)all * pixels * (depth + channels), .unit = "MAC",
  };
  real_run(c, &what);
  real_array *every[] = {&query, &key, &value, &want, &got};
  for (size_t i = 0; i < sizeof every / sizeof *every; i++) real_free(every[i]);
}

void check_real_maps(check *c) {
  if (c->bench) {
    pool(c, 1, 96, 120, 24, 8, 8, 0);
    pool(c, 0, 48, 60, 64, 5, 1, 2);
    global_average_pool(c, 1, 96 * 120, 64);
    gridsample(c, 48, 60, 64, 96, 120, 1, 0, 1);
    resize(c, 48, 60, 64, 96, 120);
    warp(c, 48, 60, 64, 2, 1, 1, 2);
    local_attention(c, 48, 60, 32, 64, 3);
    global_attention(c, 1, 720, 32, 32);
    return;
  }
  for (int i = 0; i < 80; i++) {
    const int channels = check_range(c, 1, 40);
    const int kernel = check_range(c, 1, 5), pad = check_range(c, 0, (kernel - 1) / 2);
    pool(c, i & 1, check_range(c, 1, 12), check_range(c, 1, 12), channels, kernel, check_range(c, 1, 3), pad);
    global_average_pool(c, check_range(c, 1, 3), check_range(c, 1, i % 8 ? 20 : 600), channels * (1 + i % 3));
    gridsample(c, check_range(c, 1, 7), check_range(c, 1, 7), channels, check_range(c, 1, 9), check_range(c, 1, 9),
               i & 1, i % 4 == 3, i % 5 ? 1.5f : 1e30f);
    resize(c, check_range(c, 1, 7), check_range(c, 1, 7), channels, check_range(c, 1, 9), check_range(c, 1, 9));
    warp(c, check_range(c, 1, 6), check_range(c, 1, 6), channels, 1 + (i >> 1 & 1), i & 1, i >> 2 & 1,
         i % 5 ? 3.0f : 1e30f);
    local_attention(c, check_range(c, 1, 5), check_range(c, 1, 6), check_range(c, 1, 40), channels, 3 + 2 * (i % 3));
    global_attention(c, check_range(c, 1, 2), check_range(c, 1, i % 8 ? 20 : 200), check_range(c, 1, 40), channels);
  }
}
