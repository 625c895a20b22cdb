// SPDX-License-Identifier: Apache-2.0
// Times of the products at the shapes of MobileNetV2 and its decoder, beside the machine's peak for the dot product
// of the level, and of the rest at the sizes of the decoder.
#include <stdio.h>

#include "int8.h"
#include "rm_peak.h"

typedef struct {
  void (*run)(const rm_int8_conv_call *, ptrdiff_t, ptrdiff_t);
  rm_int8_conv_call call;
  int32_t rows;
} timed_conv;

static void run_conv(void *argument) {
  const timed_conv *t = argument;
  t->run(&t->call, 0, t->rows);
}

// Seconds; the scalar kernel runs a few rows only and is scaled up.
static double time_conv(const int8_conv_case *k, const rm_int8_kernels *kernels, const guarded *packed, int some_rows) {
  timed_conv t = {k->depthwise ? kernels->dwconv.function : kernels->conv.function, k->call, k->call.shape.out_rows};
  const double all = t.rows;
  t.call.packed = packed->data;
  t.call.out = k->got.data;
  if (some_rows && t.rows > 2) t.rows = 2;
  return check_time(run_conv, &t) * all / t.rows;
}

static double bench_conv(check *c, const int8_conv_plan *plan, int depthwise, double most) {
  int8_conv_case k = int8_make_conv(c, plan, depthwise);
  const rm_int8_conv_shape *s = &k.call.shape;
  const double work = (double)s->out_rows * s->out_columns * s->out_channels * plan->kernel * plan->kernel *
                      (depthwise ? 1 : plan->in);
  const double scalar = time_conv(&k, rm_int8_table(RM_CPU_SCALAR), &k.reference, 1);
  const double variant = c->level == RM_CPU_SCALAR ? scalar : time_conv(&k, rm_int8_table(c->level), &k.packed, 0);
  char name[240], below[40] = "";
  if (c->level == RM_CPU_AMX) {
    check other = *c;
    other.level = RM_CPU_AVX512VNNI;
    int8_conv_case o = int8_make_conv(&other, plan, depthwise);
    snprintf(below, sizeof below, " %4.1fx avx512vnni",
             time_conv(&o, rm_int8_table(other.level), &o.packed, 0) / variant);
    int8_free_conv(&o);
  }
  snprintf(name, sizeof name, "%s %4.0f%% of peak%s", k.name, most > 0 ? 100 * work / variant / most : 0, below);
  check_bench_line(depthwise ? "rm_int8_dwconv" : "rm_int8_conv", name, scalar, variant, work, "MAC");
  int8_free_conv(&k);
  return variant;
}

// MobileNetV2-1.0 and the decoder of networks.md 1 with 64 channels, for a picture of rows x columns.
static void bench_network(check *c, int rows, int columns, double most) {
  static const int blocks[7][4] = {{1, 16, 1, 1},  {6, 24, 2, 2},  {6, 32, 3, 2}, {6, 64, 4, 2},
                                   {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}};
  double dense = 0, depthwise = 0;
  int8_conv_plan p = {rows, columns, 3, 32, 3, 2, 1, 1, 0, 0, 0, INT8_RANDOM};
  dense += bench_conv(c, &p, 0, most);
  rows /= 2, columns /= 2;
  int in = 32;
  for (int b = 0; b < 7; b++) {
    for (int i = 0; i < blocks[b][2]; i++) {
      const int wide = in * blocks[b][0], out = blocks[b][1], stride = i ? 1 : blocks[b][3];
      const int8_conv_plan expand = {rows, columns, in, wide, 1, 1, 1, 0, 0, 0, 0, INT8_RANDOM};
      const int8_conv_plan middle = {rows, columns, wide, wide, 3, stride, 1, 1, 0, 0, 0, INT8_RANDOM};
      if (wide != in) dense += bench_conv(c, &expand, 0, most);
      depthwise += bench_conv(c, &middle, 1, most);
      rows /= stride, columns /= stride;
      const int8_conv_plan project = {rows, columns, wide, out, 1, 1, 1, 0, 0, 0, i > 0, INT8_RANDOM};
      dense += bench_conv(c, &project, 0, most);
      in = out;
    }
  }
  printf("trunk: %.2f ms dense, %.2f ms depthwise\n", dense * 1e3, depthwise * 1e3);
  static const int taps[3] = {96, 32, 24};
  double decoder = 0;
  for (int level = 0; level < 3; level++) {
    rows *= 2, columns *= 2;
    const int8_conv_plan convs[5] = {{rows, columns, taps[level], 64, 1, 1, 1, 0, 0, 0, 0, INT8_RANDOM},
                                     {rows, columns, 128, 64, 1, 1, 1, 0, 0, 0, 0, INT8_RANDOM},
                                     {rows, columns, 64, 2, 3, 1, 1, 1, 0, 0, 0, INT8_RANDOM},
                                     {rows, columns, 64, 9, 3, 1, 1, 1, 0, 0, 0, INT8_RANDOM},
                                     {rows, columns, 64, 64, 3, 1, 1, 1, 0, 0, 0, INT8_RANDOM}};
    for (int i = 0; i < 5; i++) decoder += bench_conv(c, &convs[i], 0, most);
  }
  printf("decoder: %.2f ms\n", decoder * 1e3);
}

// One of the other kernels on 128 x 256 x 64.
typedef struct {
  const rm_int8_kernels *kernels;
  int which;
  rm_int8_combine_call combine;
  rm_int8_mul_call mul;
  rm_int8_table_call table;
  rm_int8_resize_call resize;
  rm_int8_warp_call warp;
  rm_int8_softmax_call softmax;
  rm_int8_mean_call mean;
  rm_int8_pool_call pool;
  rm_int8_quantize_call quantize;
  rm_int8_matmul_call matmul;
} others;

enum { ROWS = 128, COLUMNS = 256, CHANNELS = 64 };

static const char *const other_names[] = {"combine", "mul", "table", "resize x2", "warp", "softmax 9",
                                          "mean", "max_pool 5x5", "quantize", "matmul by 64x64"};

static void run_other(void *argument) {
  const others *o = argument;
  if (o->which == 0) o->kernels->combine.function(&o->combine, 0, ROWS);
  if (o->which == 1) o->kernels->mul.function(&o->mul, 0, ROWS);
  if (o->which == 2) o->kernels->table.function(&o->table, 0, ROWS);
  if (o->which == 3) o->kernels->resize.function(&o->resize, 0, ROWS);
  if (o->which == 4) o->kernels->warp.function(&o->warp, 0, ROWS);
  if (o->which == 5) o->kernels->softmax.function(&o->softmax, 0, ROWS);
  if (o->which == 6) o->kernels->mean.function(&o->mean, 0, CHANNELS);
  if (o->which == 7) o->kernels->max_pool.function(&o->pool, 0, ROWS);
  if (o->which == 8) o->kernels->quantize.function(&o->quantize, 0, ROWS * COLUMNS * CHANNELS);
  if (o->which == 9) o->kernels->matmul.function(&o->matmul, 0, ROWS * COLUMNS / RM_INT8_MATMUL_ROWS);
}

static void bench_others(check *c) {
  const size_t size = (size_t)ROWS * COLUMNS * CHANNELS;
  guarded a = guarded_alloc(size, 64), b = guarded_alloc(size, 64), out = guarded_alloc(size, 64);
  guarded mask = guarded_alloc((size_t)ROWS * COLUMNS * 9, 64), real = guarded_alloc(size * 4, 64);
  check_fill_f32(c, (float *)real.data, size, -100, 100);
  rm_int8_tap y[ROWS], x[COLUMNS];
  rm_int8_make_taps(y, ROWS, ROWS / 2, 0.5, 1);
  rm_int8_make_taps(x, COLUMNS, COLUMNS / 2, 0.5, 1);
  others o = {
      .combine = {a.data, b.data, out.data, CHANNELS, CHANNELS, CHANNELS, COLUMNS, CHANNELS,
          rm_int8_make_combine(0.7, 3, 0.4, 9, 5, 0, 255)},
      .mul = {a.data, b.data, out.data, CHANNELS, CHANNELS, CHANNELS, COLUMNS, CHANNELS, RM_INT8_CHANNELS, 3, 0, 3, 0,
          255, 1.0f / 256},
      .table = {a.data, out.data, CHANNELS, CHANNELS, COLUMNS, CHANNELS, {0}},
      .resize = {a.data, out.data, CHANNELS, CHANNELS, ROWS / 2, COLUMNS / 2, ROWS, COLUMNS, CHANNELS, y, x, 0},
      .warp = {a.data, b.data, b.data, out.data, CHANNELS, 2, 9, CHANNELS, ROWS / 2, COLUMNS / 2, ROWS, COLUMNS,
          CHANNELS, 1, {0}},
      .softmax = {b.data, mask.data, 9, 9, COLUMNS, 9, {0}},
      .mean = {a.data, out.data, CHANNELS, ROWS * COLUMNS, CHANNELS, 3, 3, 0, 255, 1.0f / (ROWS * COLUMNS)},
      .pool = {{ROWS, COLUMNS, CHANNELS, ROWS, COLUMNS, CHANNELS, 5, 5, 1, 1, 1, 1, 2, 2}, a.data, out.data, CHANNELS,
          CHANNELS, 0, 0, 0, 0, 255, 1},
      .quantize = {(float *)real.data, out.data, 1, 128, 0, 255},
      // 32768 rows of 64 by 64 x 64, of which each output byte takes 64 multiply-adds.
      .matmul = {a.data, b.data, out.data, CHANNELS, CHANNELS, CHANNELS, ROWS * COLUMNS, CHANNELS, CHANNELS, 3, 9, 5,
          0, 255, 1e-3f},
  };
  for (int i = 0; i < 256; i++) o.softmax.table[i] = o.warp.table[i] = (uint16_t)(32767 >> (i / 8 < 16 ? i / 8 : 16));
  for (o.which = 0; o.which < (int)(sizeof other_names / sizeof *other_names); o.which++) {
    if (!check_wants(c, other_names[o.which])) continue;
    o.kernels = rm_int8_table(RM_CPU_SCALAR);
    const double scalar = check_time(run_other, &o);
    o.kernels = rm_int8_table(c->level);
    check_bench_line(other_names[o.which], "128x256x64", scalar, check_time(run_other, &o), (double)size, "B");
  }
  guarded *all[] = {&a, &b, &out, &mask, &real};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) guarded_free(all[i]);
}

void bench_int8(check *c) {
  const double most = rm_peak_macs(c->level);
  if (check_wants(c, "rm_int8_conv")) {
    printf("dot product peak: %.1f GMAC/s\n", most * 1e-9);
    printf("480x384\n");
    bench_network(c, 384, 480, most);
    printf("1024x512\n");
    bench_network(c, 512, 1024, most);
  }
  bench_others(c);
}
