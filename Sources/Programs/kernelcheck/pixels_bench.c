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

#define CALL(name, ...)              \
  static void name(void *argument) { \
    rows *r = argument;              \
    r->table->__VA_ARGS__;           \
  }
CALL(call_blend, blend_rows.function(r->rows, r->weights, 4, 1280, (int16_t *)r->out.data))
CALL(call_split, split_pairs.function((int16_t *)r->a.data, 640, (int16_t *)r->out.data, (int16_t *)r->out2.data))
CALL(call_resample, resample_row.function((int16_t *)r->a.data, &r->axis.axis, (int16_t *)r->out.data))
CALL(call_colors, yuv_to_rgb.function((int16_t *)r->a.data, (int16_t *)r->a.data, (int16_t *)r->a.data, &pixels_matrix, 1024,
                             r->out.data))
CALL(call_normalize, normalize.function(r->b.data, (const float[]){1, 2, 3}, (const float[]){1, 2, 3}, 1024,
                               (float *)r->out.data))
CALL(call_quantize, quantize.function(r->b.data, &r->quantizer, 1024, r->out.data))
CALL(call_planes_f32, planes_f32.function((float *)r->d.data, 19, 256, 19, (float *)r->out.data, 288))
CALL(call_planes_s8, planes_s8.function(r->d.data, 19, 256, 19, 0, (int16_t *)r->out.data, 288))
CALL(call_lerp_f32, lerp_f32.function((float *)r->d.data, (float *)r->d.data, 0.3f, 256, 19, (float *)r->out.data, 288))
CALL(call_lerp_s16, lerp_s16.function((int16_t *)r->d.data, (int16_t *)r->d.data, 8, 3, 8, 256, 19, (int16_t *)r->out.data,
                             288))
CALL(call_argmax_f32, argmax_f32.function((float *)r->d.data, 288, 19, (int32_t *)r->e.data, (float *)r->f.data, 1024,
                                 r->out.data))
CALL(call_argmax_exact, argmax_exact_s16.function((int16_t *)r->d.data, 288, 19, (int32_t *)r->e.data, (int16_t *)r->f.data,
                                         1024, r->out.data))
CALL(call_argmax_q15, argmax_q15_s16.function((int16_t *)r->d.data, 288, 19, (int32_t *)r->e.data, (int16_t *)r->f.data, 1024,
                                     r->out.data))
CALL(call_plane, overlay_plane.function(r->b.data, r->a.data, &r->palette, 0, 1280, r->out.data))
CALL(call_chroma, overlay_chroma.function(r->b.data, r->b.data + 640, r->a.data, r->a.data, &r->palette, 1280, r->out.data,
                                 r->out2.data))
CALL(call_pairs, overlay_chroma_pairs.function(r->b.data, r->a.data, r->a.data, &r->palette, 1280, r->out.data))
CALL(call_histogram, histogram.function(r->b.data + 4000, 1280, (uint64_t *)r->out.data))
CALL(call_confusion, confusion.function(r->b.data + 4000, r->b.data + 4000, 1280, 19, (uint64_t *)r->out.data))
#undef CALL

void pixels_bench(pixels_subject s) {
  static const struct {
    const char *name, *shape;
    void (*call)(void *);
    double work;
  } entries[] = {
      {"blend_rows", "4 rows of 1280", call_blend, 1280},
      {"split_pairs", "640 pairs", call_split, 640},
      {"resample_row", "1280 to 1024, 4 taps", call_resample, 1024},
      {"yuv_to_rgb", "1024", call_colors, 1024},
      {"normalize", "1024", call_normalize, 1024},
      {"quantize", "1024", call_quantize, 1024},
      {"planes_f32", "256 logits of 19", call_planes_f32, 256 * 19},
      {"planes_s8", "256 logits of 19", call_planes_s8, 256 * 19},
      {"lerp_f32", "256 logits of 19", call_lerp_f32, 256 * 19},
      {"lerp_s16", "256 logits of 19", call_lerp_s16, 256 * 19},
      {"argmax_f32", "256 logits of 19 to 1024", call_argmax_f32, 1024 * 19},
      {"argmax_exact_s16", "256 logits of 19 to 1024", call_argmax_exact, 1024 * 19},
      {"argmax_q15_s16", "256 logits of 19 to 1024", call_argmax_q15, 1024 * 19},
      {"overlay_plane", "1280, 19 classes", call_plane, 1280},
      {"overlay_chroma", "1280, 19 classes", call_chroma, 1280},
      {"overlay_chroma_pairs", "1280, 19 classes", call_pairs, 1280},
      {"histogram", "1280 of one label", call_histogram, 1280},
      {"confusion", "1280 of one label", call_confusion, 1280},
  };
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
  for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
    if (!check_wants(s.c, entries[i].name)) continue;
    r.table = s.plain;
    const double plain = check_time(entries[i].call, &r);
    r.table = s.fast;
    const double fast = check_time(entries[i].call, &r);
    check_bench_line(entries[i].name, entries[i].shape, plain, fast, entries[i].work, "el");
  }
  guarded *all[] = {&r.a, &r.b, &r.d, &r.e, &r.f, &r.out, &r.out2, &r.axis.first, &r.axis.weights};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) guarded_free(all[i]);
}
