// SPDX-License-Identifier: Apache-2.0
// Times of the integer kernels besides convolutions, at the sizes of a decoder: 128 x 256 pixels of 64 channels.
#include "int8.h"

enum { ROWS = 128, COLUMNS = 256, CHANNELS = 64, SIZE = ROWS * COLUMNS * CHANNELS };
enum { CELLS_ROWS = 48, CELLS_COLUMNS = 60 };

typedef struct {
  const rm_int8_kernels *kernels;
  const uint8_t *a, *b;
  uint8_t *out;
  float *floats;  // [SIZE]
  rm_int8_tap rows[ROWS], columns[COLUMNS];
  int32_t xs[256], ys[256], bias[4 * 9];
  uint16_t exponents[RM_INT8_EXPONENTS];
  uint16_t weights[256];
} maps;

static void bench(check *c, void (*call)(void *), const char *shape, double work, const char *unit) {
  guarded a = guarded_alloc(SIZE, RM_INT8_OVERREAD), b = guarded_alloc(SIZE, RM_INT8_OVERREAD);
  guarded out = guarded_alloc(SIZE, 0), floats = guarded_alloc(SIZE * 4, RM_INT8_OVERREAD);
  guarded m = guarded_alloc(sizeof(maps), 0);
  maps *all = (maps *)(void *)m.data;
  all->a = a.data, all->b = b.data, all->out = out.data, all->floats = (float *)(void *)floats.data;
  check_fill_f32(c, all->floats, SIZE, -100, 100);
  rm_int8_make_taps(all->rows, ROWS, ROWS / 2, 0.5, 1);
  rm_int8_make_taps(all->columns, COLUMNS, COLUMNS / 2, 0.5, 1);
  for (int i = 0; i < 256; i++) {
    all->weights[i] = (uint16_t)(32767 >> (i / 8 < 16 ? i / 8 : 16));
    all->xs[i] = i * (COLUMNS / 2 - 1) * 64 / 255;
    all->ys[i] = i * (ROWS / 2 - 1) * 64 / 255;
  }
  for (int i = 0; i < 4 * 9; i++) all->bias[i] = check_range(c, -90, 90);
  for (int i = 0; i < RM_INT8_EXPONENTS; i++) all->exponents[i] = (uint16_t)(32767 >> (i / 44 < 15 ? i / 44 : 15));
  all->kernels = rm_int8_table(RM_CPU_SCALAR);
  const check_times scalar = check_time(call, all);
  all->kernels = rm_int8_table(c->level);
  check_bench_line(c, shape, scalar, check_time(call, all), work, unit);
  guarded *every[] = {&a, &b, &out, &floats, &m};
  for (size_t i = 0; i < sizeof every / sizeof *every; i++) guarded_free(every[i]);
}

// The bench of a slot: what it does, how much, over how many units, and the call, in terms of `m`.
#define BENCH(slot, type, shape, work, unit, units, ...)                            \
  static void run_##slot(void *argument) {                                          \
    const maps *m = argument;                                                       \
    type call = __VA_ARGS__;                                                        \
    m->kernels->slot.function(&call, 0, units);                                     \
  }                                                                                 \
  void bench_int8_##slot(check *c) { bench(c, run_##slot, shape, work, unit); }

// The same with a table of 256 entries in the call.
#define BENCH_TABLE(slot, type, shape, work, unit, units, from, ...)                \
  static void run_##slot(void *argument) {                                          \
    const maps *m = argument;                                                       \
    type call = __VA_ARGS__;                                                        \
    for (int i = 0; i < 256; i++) call.table[i] = (from)[i];                        \
    m->kernels->slot.function(&call, 0, units);                                     \
  }                                                                                 \
  void bench_int8_##slot(check *c) { bench(c, run_##slot, shape, work, unit); }

BENCH(combine, rm_int8_combine_call, "128x256x64", SIZE, "B", ROWS,
      {m->a, m->b, m->out, CHANNELS, CHANNELS, CHANNELS, COLUMNS, CHANNELS,
       rm_int8_make_combine(0.7, 3, 0.4, 9, 5, 0, 255)})
BENCH(mul, rm_int8_mul_call, "128x256x64 by channels", SIZE, "B", ROWS,
      {m->a, m->b, m->out, CHANNELS, CHANNELS, CHANNELS, COLUMNS, CHANNELS, RM_INT8_CHANNELS, 3, 0, 3, 0, 255,
       1.0f / 256})
BENCH_TABLE(table, rm_int8_table_call, "128x256x64", SIZE, "B", ROWS, m->b,
            {m->a, m->out, CHANNELS, CHANNELS, COLUMNS, CHANNELS, {0}})
BENCH(max_pool, rm_int8_pool_call, "128x256x64 5x5", SIZE, "B", ROWS,
      {{ROWS, COLUMNS, CHANNELS, ROWS, COLUMNS, CHANNELS, 5, 5, 1, 1, 1, 1, 2, 2}, m->a, m->out, CHANNELS, CHANNELS, 0,
       0, 0, 0, 255, 1})
BENCH(average_pool, rm_int8_pool_call, "128x256x64 2x2 to half", SIZE, "B", ROWS / 2,
      {{ROWS, COLUMNS, CHANNELS, ROWS / 2, COLUMNS / 2, CHANNELS, 2, 2, 2, 2, 1, 1, 0, 0}, m->a, m->out, CHANNELS,
       CHANNELS, 0, 9, 3, 0, 255, 0.9f})
BENCH(mean, rm_int8_mean_call, "128x256x64", SIZE, "B", CHANNELS,
      {m->a, m->out, CHANNELS, ROWS *COLUMNS, CHANNELS, 3, 3, 0, 255, 1.0f / (ROWS * COLUMNS)})
BENCH(resize, rm_int8_resize_call, "to 128x256x64 x2", SIZE, "B", ROWS,
      {m->a, m->out, CHANNELS, CHANNELS, ROWS / 2, COLUMNS / 2, ROWS, COLUMNS, CHANNELS, m->rows, m->columns, 0})
BENCH_TABLE(softmax, rm_int8_softmax_call, "128x256x9", ROWS *COLUMNS * 9, "B", ROWS, m->weights,
            {m->b, m->out, 9, 9, COLUMNS, 9, {0}})
BENCH_TABLE(warp, rm_int8_warp_call, "to 128x256x64, coarse, mask", SIZE, "B", ROWS, m->weights,
            {m->a, m->b, m->b, m->out, CHANNELS, 2, 9, CHANNELS, ROWS / 2, COLUMNS / 2, ROWS, COLUMNS, CHANNELS, 1,
             {0}})
BENCH_TABLE(local_attention, rm_int8_local_attention_call, "48x60 d32 x64 r3",
            4.0 * CELLS_ROWS * CELLS_COLUMNS * 9 * (32 + 64), "MAC", CELLS_ROWS, m->weights,
            {.query = m->a, .key = m->b, .value = m->b, .out = m->out, .query_pixel = 32, .key_pixel = 32,
             .value_pixel = 64, .out_pixel = 64, .bias = m->bias, .query_zero = 120, .key_zero = 128, .value_zero = 3,
             .rows = CELLS_ROWS, .columns = CELLS_COLUMNS, .depth = 32, .channels = 64, .region = 3,
             .multiplier = 1e-4f})
BENCH(global_attention, rm_int8_global_attention_call, "720 d32 x32", 720.0 * 720 * (32 + 32), "MAC", 720,
      {.query = m->a, .key = m->b, .value = m->b, .out = m->out, .query_pixel = 32, .key_pixel = 32, .value_pixel = 32,
       .out_pixel = 32, .query_zero = 120, .key_zero = 128, .pixels = 720, .depth = 32, .channels = 32,
       .multiplier = 1e-3f, .table = m->exponents})
BENCH(sample, rm_int8_sample_call, "to 128x256x64", SIZE, "B", ROWS,
      {m->a, m->b, m->out, CHANNELS, 2, CHANNELS, ROWS / 2, COLUMNS / 2, ROWS, COLUMNS, CHANNELS, m->xs, m->ys})
// 32768 rows of 64 by 64 x 64.
BENCH(matmul, rm_int8_matmul_call, "32768x64 by 64x64", (double)SIZE *CHANNELS, "MAC",
      ROWS *COLUMNS / RM_INT8_MATMUL_ROWS,
      {m->a, m->b, m->out, CHANNELS, CHANNELS, CHANNELS, ROWS *COLUMNS, CHANNELS, CHANNELS, 3, 9, 5, 0, 255, 1e-3f})
BENCH(fill, rm_int8_fill_call, "128x256x64", SIZE, "B", SIZE, {m->out, 7})
BENCH(quantize, rm_int8_quantize_call, "128x256x64", SIZE, "el", SIZE, {m->floats, m->out, 1, 128, 0, 255})
BENCH(dequantize, rm_int8_dequantize_call, "128x256x64", SIZE, "el", SIZE, {m->a, m->floats, 0.1f, 128})
