// SPDX-License-Identifier: Apache-2.0
#include "f32.h"

static void name_of(const check *c, char *out, size_t size, const char *op) {
  snprintf(out, size, "f32_%s__%s", op, rm_f32_kernels_name(c->level));
}

static void pool(check *c, int average, int rows, int columns, int channels, int kernel, int stride, int pad) {
  char name[64], shape[96];
  name_of(c, name, sizeof name, average ? "average_pool" : "max_pool");
  if (!check_wants(c, name) || rows + 2 * pad < kernel || columns + 2 * pad < kernel) return;
  const int gap = check_range(c, 0, 2);
  snprintf(shape, sizeof shape, "%dx%dx%d k%d s%d p%d", rows, columns, channels, kernel, stride, pad);
  rm_f32_pool p = {
      .in_stride = channels + gap, .out_stride = channels, .batch = 1, .in_rows = rows, .in_columns = columns,
      .channels = channels, .out_rows = (rows + 2 * pad - kernel) / stride + 1,
      .out_columns = (columns + 2 * pad - kernel) / stride + 1, .kernel_rows = kernel, .kernel_columns = kernel,
      .stride_rows = stride, .stride_columns = stride, .pad_top = pad, .pad_left = pad, .pad_bottom = pad,
      .pad_right = pad, .count_include_pad = check_range(c, 0, 1),
  };
  const size_t count = (size_t)p.out_rows * p.out_columns * channels;
  f32_array in = f32_random(c, (size_t)rows * columns * (channels + gap) - gap, -1, 1);
  f32_array want = f32_random(c, count, 0, 0), got = f32_random(c, count, 0, 0);
  p.input = in.at;
  p.output = want.at;
  rm_f32_pool q = p;
  q.output = got.at;
  const rm_f32_table *s = rm_f32_kernels(RM_CPU_SCALAR), *v = rm_f32_kernels(c->level);
  const f32_case what = {
      .name = name, .shape = shape, .scalar = (f32_kernel)(average ? s->average_pool : s->max_pool),
      .variant = (f32_kernel)(average ? v->average_pool : v->max_pool), .scalar_arguments = &p,
      .variant_arguments = &q, .units = p.out_rows, .want = want.at, .got = got.at, .count = count, .relative = 0,
      .absolute = average ? 2e-6f : 0, .work = 4.0 * (double)(in.count + count), .unit = "B",
  };
  f32_run(c, &what);
  f32_free(&in);
  f32_free(&want);
  f32_free(&got);
}

static void resize(check *c, int rows, int columns, int channels, int out_rows, int out_columns) {
  char name[64], shape[96];
  name_of(c, name, sizeof name, "resize");
  if (!check_wants(c, name)) return;
  snprintf(shape, sizeof shape, "%dx%dx%d to %dx%d", rows, columns, channels, out_rows, out_columns);
  const size_t count = (size_t)out_rows * out_columns * channels;
  f32_array in = f32_random(c, (size_t)rows * columns * channels, -1, 1);
  f32_array want = f32_random(c, count, 0, 0), got = f32_random(c, count, 0, 0);
  int tables[4][512];
  f32_array row_weights = f32_random(c, (size_t)out_rows, 0, 1), column_weights = f32_random(c, (size_t)out_columns, 0, 1);
  for (int i = 0; i < out_rows; i++) {
    tables[0][i] = check_range(c, 0, rows - 1);
    tables[1][i] = check_range(c, 0, rows - 1);
  }
  for (int i = 0; i < out_columns; i++) {
    tables[2][i] = check_range(c, 0, columns - 1);
    tables[3][i] = check_range(c, 0, columns - 1);
  }
  rm_f32_resize r = {
      .input = in.at, .output = want.at, .in_stride = channels, .out_stride = channels, .rows0 = tables[0],
      .rows1 = tables[1], .columns0 = tables[2], .columns1 = tables[3], .row_weights = row_weights.at,
      .column_weights = column_weights.at, .batch = 1, .in_rows = rows, .in_columns = columns, .channels = channels,
      .out_rows = out_rows, .out_columns = out_columns,
  };
  rm_f32_resize q = r;
  q.output = got.at;
  const f32_case what = {
      .name = name, .shape = shape, .scalar = (f32_kernel)rm_f32_kernels(RM_CPU_SCALAR)->resize,
      .variant = (f32_kernel)rm_f32_kernels(c->level)->resize, .scalar_arguments = &r, .variant_arguments = &q,
      .units = out_rows, .want = want.at, .got = got.at, .count = count, .relative = 0, .absolute = 2e-6f,
      .work = 4.0 * (double)(in.count + count), .unit = "B",
  };
  f32_run(c, &what);
  f32_free(&in);
  f32_free(&row_weights);
  f32_free(&column_weights);
  f32_free(&want);
  f32_free(&got);
}

static void warp(check *c, int source_rows, int source_columns, int channels, int scale, int mask, int residual,
                 float reach) {
  char name[64], shape[96];
  name_of(c, name, sizeof name, "warp");
  if (!check_wants(c, name)) return;
  const int rows = source_rows * scale, columns = source_columns * scale;
  snprintf(shape, sizeof shape, "%dx%dx%d x%d%s%s", source_rows, source_columns, channels, scale, mask ? " mask" : "",
           residual ? " +r" : "");
  const size_t pixels = (size_t)rows * columns, count = pixels * channels;
  f32_array source = f32_random(c, (size_t)source_rows * source_columns * channels, -1, 1);
  f32_array offsets = f32_random(c, pixels * 2, -reach, reach);
  f32_array weights = f32_random(c, pixels * 9, 0, 0.25f), other = f32_random(c, count, -1, 1);
  f32_array want = f32_random(c, count, 0, 0), got = f32_random(c, count, 0, 0);
  rm_f32_warp w = {
      .source = source.at, .offsets = offsets.at, .mask = mask ? weights.at : NULL,
      .residual = residual ? other.at : NULL, .output = want.at, .source_stride = channels, .offsets_stride = 2,
      .mask_stride = 9, .residual_stride = channels, .out_stride = channels, .batch = 1, .source_rows = source_rows,
      .source_columns = source_columns, .channels = channels, .rows = rows, .columns = columns, .scale = scale,
  };
  rm_f32_warp q = w;
  q.output = got.at;
  const f32_case what = {
      .name = name, .shape = shape, .scalar = (f32_kernel)rm_f32_kernels(RM_CPU_SCALAR)->warp,
      .variant = (f32_kernel)rm_f32_kernels(c->level)->warp, .scalar_arguments = &w, .variant_arguments = &q,
      .units = rows, .want = want.at, .got = got.at, .count = count, .relative = 0, .absolute = 4e-6f,
      .work = 4.0 * (double)(source.count + count), .unit = "B",
  };
  f32_run(c, &what);
  f32_free(&source);
  f32_free(&offsets);
  f32_free(&weights);
  f32_free(&other);
  f32_free(&want);
  f32_free(&got);
}

static void local_attention(check *c, int rows, int columns, int depth, int channels, int region) {
  char name[64], shape[96];
  name_of(c, name, sizeof name, "local_attention");
  if (!check_wants(c, name)) return;
  snprintf(shape, sizeof shape, "%dx%d d%d x%d r%d", rows, columns, depth, channels, region);
  const size_t pixels = (size_t)rows * columns, count = 4 * pixels * channels;
  f32_array query = f32_random(c, 4 * pixels * depth, -1, 1), key = f32_random(c, pixels * depth, -1, 1);
  f32_array value = f32_random(c, pixels * channels, -1, 1), bias = f32_random(c, (size_t)(4 * region * region), -2, 2);
  f32_array want = f32_random(c, count, 0, 0), got = f32_random(c, count, 0, 0);
  rm_f32_local_attention a = {
      .query = query.at, .key = key.at, .value = value.at, .bias = bias.at, .output = want.at, .query_stride = depth,
      .key_stride = depth, .value_stride = channels, .out_stride = channels, .batch = 1, .rows = rows,
      .columns = columns, .depth = depth, .channels = channels, .region = region, .scale = 0.2f,
  };
  rm_f32_local_attention b = a;
  b.output = got.at;
  const f32_case what = {
      .name = name, .shape = shape, .scalar = (f32_kernel)rm_f32_kernels(RM_CPU_SCALAR)->local_attention,
      .variant = (f32_kernel)rm_f32_kernels(c->level)->local_attention, .scalar_arguments = &a, .variant_arguments = &b,
      .units = rows, .want = want.at, .got = got.at, .count = count, .relative = 0, .absolute = 4e-6f,
      .work = 4.0 * (double)pixels * region * region * (depth + channels), .unit = "MAC",
  };
  f32_run(c, &what);
  f32_array *all[] = {&query, &key, &value, &bias, &want, &got};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) f32_free(all[i]);
}

static void global_attention(check *c, int batch, int pixels, int depth, int channels) {
  char name[64], shape[96];
  name_of(c, name, sizeof name, "global_attention");
  if (!check_wants(c, name)) return;
  snprintf(shape, sizeof shape, "%d*%d d%d x%d", batch, pixels, depth, channels);
  const size_t all = (size_t)batch * pixels, count = all * channels;
  f32_array query = f32_random(c, all * depth, -1, 1), key = f32_random(c, all * depth, -1, 1);
  f32_array value = f32_random(c, count, -1, 1);
  f32_array want = f32_random(c, count, 0, 0), got = f32_random(c, count, 0, 0);
  rm_f32_global_attention a = {
      .query = query.at, .key = key.at, .value = value.at, .output = want.at, .query_stride = depth,
      .key_stride = depth, .value_stride = channels, .out_stride = channels, .batch = batch, .pixels = pixels,
      .depth = depth, .channels = channels, .scale = 0.5f,
  };
  rm_f32_global_attention b = a;
  b.output = got.at;
  const f32_case what = {
      .name = name, .shape = shape, .scalar = (f32_kernel)rm_f32_kernels(RM_CPU_SCALAR)->global_attention,
      .variant = (f32_kernel)rm_f32_kernels(c->level)->global_attention, .scalar_arguments = &a, .variant_arguments = &b,
      .units = (int)all, .want = want.at, .got = got.at, .count = count, .relative = 0, .absolute = 1e-5f,
      .work = (double)all * pixels * (depth + channels), .unit = "MAC",
  };
  f32_run(c, &what);
  f32_array *every[] = {&query, &key, &value, &want, &got};
  for (size_t i = 0; i < sizeof every / sizeof *every; i++) f32_free(every[i]);
}

void check_f32_maps(check *c) {
  if (c->bench) {
    pool(c, 1, 96, 120, 24, 8, 8, 0);
    pool(c, 0, 48, 60, 64, 5, 1, 2);
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
    resize(c, check_range(c, 1, 7), check_range(c, 1, 7), channels, check_range(c, 1, 9), check_range(c, 1, 9));
    warp(c, check_range(c, 1, 6), check_range(c, 1, 6), channels, 1 + (i >> 1 & 1), i & 1, i >> 2 & 1,
         i % 5 ? 3.0f : 1e30f);
    local_attention(c, check_range(c, 1, 5), check_range(c, 1, 6), check_range(c, 1, 40), channels, 3 + 2 * (i % 3));
    global_attention(c, check_range(c, 1, 2), check_range(c, 1, i % 8 ? 20 : 200), check_range(c, 1, 40), channels);
  }
}
