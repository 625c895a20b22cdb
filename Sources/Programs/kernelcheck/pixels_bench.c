// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "pixels.h"

typedef struct {
  const rm_pixels_table *table;
  guarded a, b, d, e, f, out, out2;
  const uint8_t *rows[4];
  int16_t weights[4];
  pixels_axis axis;
  rm_rgb_quantizer quantizer;
  rm_overlay_palette palette;
} rows;

static void bench(check *c, void (*call)(void *), const char *shape, double work) {
  const pixels_subject s = pixels_of(c);
  rows r = {.a = pixels_random_s16(s.c, 1600, 0, 8000, 64), .b = pixels_random_u8(s.c, 6000, 64)};
  memset(r.b.data + 4000, 3, 1280);
  r.d = guarded_alloc(4 * 288 * 40, 64);
  for (int i = 0; i < 288 * 40; i++) ((float *)r.d.data)[i] = check_float(s.c, -9, 9);
  r.e = guarded_alloc(4 * 1280, 64);
  r.f = guarded_alloc(4 * 1280, 64);
  for (int x = 0; x < 1280; x++) {
    ((int32_t *)r.e.data)[x] = x * 255 / 1280;
    ((float *)r.f.data)[x] = 0.5f;
  }
  r.out = guarded_alloc(4 * 288 * 40, 64);
  r.out2 = guarded_alloc(1 << 14, 64);
  for (int t = 0; t < 4; t++) r.rows[t] = r.b.data + 32 * t;
  pixels_random_weights(s.c, 4, r.weights);
  r.axis = pixels_make_axis(s.c, 1024, 1280, 4);
  r.quantizer = pixels_make_quantizer(s.c, 1, 1);
  r.palette = pixels_make_palette(s.c, 19);
  r.table = s.plain;
  const check_times plain = check_time(call, &r);
  r.table = s.fast;
  check_bench_line(c, shape, plain, check_time(call, &r), work, "el");
  guarded *all[] = {&r.a, &r.b, &r.d, &r.e, &r.f, &r.out, &r.out2, &r.axis.first, &r.axis.weights};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) guarded_free(all[i]);
}

// The bench of a slot: what it does, how much, and its arguments in terms of `r`.
#define BENCH(slot, shape, work, ...)               \
  static void call_##slot(void *argument) {         \
    rows *r = argument;                             \
    r->table->slot.function(__VA_ARGS__);           \
  }                                                 \
  void bench_pixels_##slot(check *c) { bench(c, call_##slot, shape, work); }

BENCH(blend_rows, "4 rows of 1280", 1280,
      r->rows, r->weights, 4, 1280, (int16_t *)r->out.data)
BENCH(split_pairs, "640 pairs", 640,
      (int16_t *)r->a.data, 640, (int16_t *)r->out.data, (int16_t *)r->out2.data)
BENCH(resample_row, "1280 to 1024, 4 taps", 1024,
      (int16_t *)r->a.data, &r->axis.axis, (int16_t *)r->out.data)
BENCH(yuv_to_rgb, "1024", 1024,
      (int16_t *)r->a.data, (int16_t *)r->a.data, (int16_t *)r->a.data, &pixels_matrix, 1024, r->out.data)
BENCH(normalize, "1024", 1024,
      r->b.data, (const float[]){1, 2, 3}, (const float[]){1, 2, 3}, 1024, (float *)r->out.data)
BENCH(quantize, "1024", 1024,
      r->b.data, &r->quantizer, 1024, r->out.data)
BENCH(planes_f32, "256 logits of 19", 256 * 19,
      (float *)r->d.data, 19, 256, 19, (float *)r->out.data, 288)
BENCH(planes_s8, "256 logits of 19", 256 * 19,
      r->d.data, 19, 256, 19, 0, (int16_t *)r->out.data, 288)
BENCH(lerp_f32, "256 logits of 19", 256 * 19,
      (float *)r->d.data, (float *)r->d.data, 0.3f, 256, 19, (float *)r->out.data, 288)
BENCH(lerp_s16, "256 logits of 19", 256 * 19,
      (int16_t *)r->d.data, (int16_t *)r->d.data, 8, 3, 8, 256, 19, (int16_t *)r->out.data, 288)
BENCH(argmax_f32, "256 logits of 19 to 1024", 1024 * 19,
      (float *)r->d.data, 288, 19, (int32_t *)r->e.data, (float *)r->f.data, 1024, r->out.data)
BENCH(argmax_exact_s16, "256 logits of 19 to 1024", 1024 * 19,
      (int16_t *)r->d.data, 288, 19, (int32_t *)r->e.data, (int16_t *)r->f.data, 1024, r->out.data)
BENCH(argmax_q15_s16, "256 logits of 19 to 1024", 1024 * 19,
      (int16_t *)r->d.data, 288, 19, (int32_t *)r->e.data, (int16_t *)r->f.data, 1024, r->out.data)
BENCH(overlay_plane, "1280, 19 classes", 1280,
      r->b.data, r->a.data, &r->palette, 0, 1280, r->out.data)
BENCH(overlay_chroma, "1280, 19 classes", 1280,
      r->b.data, r->b.data + 640, r->a.data, r->a.data, &r->palette, 1280, r->out.data, r->out2.data)
BENCH(overlay_chroma_pairs, "1280, 19 classes", 1280,
      r->b.data, r->a.data, r->a.data, &r->palette, 1280, r->out.data)
BENCH(histogram, "1280 of one label", 1280,
      r->b.data + 4000, 1280, (uint64_t *)r->out.data)
BENCH(confusion, "1280 of one label", 1280,
      r->b.data + 4000, r->b.data + 4000, 1280, 19, (uint64_t *)r->out.data)
