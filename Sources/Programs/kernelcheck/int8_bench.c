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

// The scalar kernel runs a few rows only, and its time is scaled up.
static check_times time_conv(const int8_conv_case *k, const rm_int8_kernels *kernels, const guarded *packed,
                             int some_rows) {
  timed_conv t = {k->depthwise ? kernels->dwconv.function : kernels->conv.function, k->call, k->call.shape.out_rows};
  const double all = t.rows;
  t.call.packed = packed->data;
  t.call.out = k->got.data;
  if (some_rows && t.rows > 2) t.rows = 2;
  const check_times some = check_time(run_conv, &t);
  return (check_times){some.best * all / t.rows, some.median * all / t.rows};
}

static double bench_conv(check *c, const int8_conv_plan *plan, int depthwise, double most) {
  int8_conv_case k = int8_make_conv(c, plan, depthwise);
  const rm_int8_conv_shape *s = &k.call.shape;
  const double work = (double)s->out_rows * s->out_columns * s->out_channels * plan->kernel * plan->kernel *
                      (depthwise ? 1 : plan->in);
  const check_times scalar = time_conv(&k, rm_int8_table(RM_CPU_SCALAR), &k.reference, 1);
  const check_times variant = c->level == RM_CPU_SCALAR ? scalar : time_conv(&k, rm_int8_table(c->level), &k.packed, 0);
  char name[240], below[40] = "";
  if (c->level == RM_CPU_AMX) {
    check other = *c;
    other.level = RM_CPU_AVX512VNNI;
    int8_conv_case o = int8_make_conv(&other, plan, depthwise);
    snprintf(below, sizeof below, " %4.1fx avx512vnni",
             time_conv(&o, rm_int8_table(other.level), &o.packed, 0).best / variant.best);
    int8_free_conv(&o);
  }
  snprintf(name, sizeof name, "%s %4.0f%% of peak%s", k.name, most > 0 ? 100 * work / variant.best / most : 0, below);
  check_bench_line(c, name, scalar, variant, work, "MAC");
  int8_free_conv(&k);
  return variant.best;
}

// MobileNetV2-1.0 and the decoder of networks.md 1 with 64 channels, for a picture of rows x columns.
// Either its dense or its depthwise ones.
static void bench_network(check *c, int rows, int columns, int depthwise) {
  const double most = rm_peak_macs(c->level);
  printf("%dx%d, dot product peak: %.1f GMAC/s\n", columns, rows, most * 1e-9);
  static const int blocks[7][4] = {{1, 16, 1, 1},  {6, 24, 2, 2},  {6, 32, 3, 2}, {6, 64, 4, 2},
                                   {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}};
  double trunk = 0;
  int8_conv_plan p = {rows, columns, 3, 32, 3, 2, 1, 1, 0, 0, 0, INT8_RANDOM};
  if (!depthwise) trunk += bench_conv(c, &p, 0, most);
  rows /= 2, columns /= 2;
  int in = 32;
  for (int b = 0; b < 7; b++) {
    for (int i = 0; i < blocks[b][2]; i++) {
      const int wide = in * blocks[b][0], out = blocks[b][1], stride = i ? 1 : blocks[b][3];
      const int8_conv_plan expand = {rows, columns, in, wide, 1, 1, 1, 0, 0, 0, 0, INT8_RANDOM};
      const int8_conv_plan middle = {rows, columns, wide, wide, 3, stride, 1, 1, 0, 0, 0, INT8_RANDOM};
      if (wide != in && !depthwise) trunk += bench_conv(c, &expand, 0, most);
      if (depthwise) trunk += bench_conv(c, &middle, 1, most);
      rows /= stride, columns /= stride;
      const int8_conv_plan project = {rows, columns, wide, out, 1, 1, 1, 0, 0, 0, i > 0, INT8_RANDOM};
      if (!depthwise) trunk += bench_conv(c, &project, 0, most);
      in = out;
    }
  }
  printf("trunk: %.2f ms\n", trunk * 1e3);
  if (depthwise) return;
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

void bench_int8_conv(check *c) {
  bench_network(c, 384, 480, 0);
  bench_network(c, 512, 1024, 0);
}

void bench_int8_dwconv(check *c) {
  bench_network(c, 384, 480, 1);
  bench_network(c, 512, 1024, 1);
}
