// SPDX-License-Identifier: Apache-2.0
// Every pixel kernel of a level against the scalar one, byte for byte.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "families.h"
#include "pixels.h"

enum { CASES = 60, MAX_TAPS = 12 };

static size_t padded(size_t columns) {
  return (columns + RM_PIXELS_GROUP - 1) / RM_PIXELS_GROUP * RM_PIXELS_GROUP;
}

// Widths around vector sizes first, then any.
static size_t some_columns(check *c, int at) {
  static const int edges[] = {1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 63, 64, 65, 96, 127, 128, 129};
  const int count = sizeof edges / sizeof *edges;
  return (size_t)(at < count ? edges[at] : check_range(c, 1, 700));
}

guarded pixels_random_s16(check *c, size_t count, int low, int high, size_t slack) {
  guarded g = guarded_alloc(count * 2, slack);
  for (size_t i = 0; i < count; i++) ((int16_t *)g.data)[i] = (int16_t)check_range(c, low, high);
  return g;
}

guarded pixels_random_u8(check *c, size_t count, size_t slack) {
  guarded g = guarded_alloc(count, slack);
  check_fill_u8(c, g.data, count);
  return g;
}

// Label rows as networks draw them: runs, some noise, some labels of no class.
static guarded random_labels(check *c, size_t count, int classes) {
  guarded g = guarded_alloc(count, 0);
  int run = 0, label = 0;
  for (size_t i = 0; i < count; i++) {
    if (run-- <= 0) {
      run = check_range(c, 0, 70);
      label = check_range(c, 0, 9) ? check_range(c, 0, classes - 1) : check_range(c, 0, 255);
    }
    g.data[i] = (uint8_t)label;
  }
  return g;
}

void pixels_random_weights(check *c, int taps, int16_t *weights) {
  int left = 1 << RM_WEIGHT_BITS;
  for (int t = 0; t < taps - 1; t++) {
    weights[t] = (int16_t)check_range(c, 0, left);
    left -= weights[t];
  }
  weights[taps - 1] = (int16_t)left;
}

static void check_blend(pixels_subject s, const char *name) {
  for (int i = 0; i < CASES; i++) {
    const size_t columns = some_columns(s.c, i);
    const int taps = 2 * check_range(s.c, 1, MAX_TAPS / 2);
    guarded memory[MAX_TAPS];
    const uint8_t *rows[MAX_TAPS];
    int16_t weights[MAX_TAPS];
    pixels_random_weights(s.c, taps, weights);
    for (int t = 0; t < taps; t++) {
      memory[t] = pixels_random_u8(s.c, columns, 0);
      if (i % 5 == 0) memset(memory[t].data, 255, columns);
      rows[t] = memory[t].data;
    }
    guarded want = guarded_alloc(2 * padded(columns), 0), got = guarded_alloc(2 * padded(columns), 0);
    s.plain->blend_rows(rows, weights, taps, columns, (int16_t *)want.data);
    s.fast->blend_rows(rows, weights, taps, columns, (int16_t *)got.data);
    char shape[64];
    snprintf(shape, sizeof shape, "%zu columns, %d rows", columns, taps);
    check_bytes(s.c, name, shape, want.data, got.data, 2 * columns);
    for (int t = 0; t < taps; t++) guarded_free(&memory[t]);
    guarded_free(&want);
    guarded_free(&got);
  }
}

static void check_split(pixels_subject s, const char *name) {
  for (int i = 0; i < CASES; i++) {
    const size_t columns = some_columns(s.c, i), room = 2 * padded(columns);
    guarded pairs = pixels_random_s16(s.c, 2 * padded(columns), 0, 255 << RM_BLENDED_BITS, 0);
    guarded want[2], got[2];
    for (int j = 0; j < 2; j++) {
      want[j] = guarded_alloc(room, 0);
      got[j] = guarded_alloc(room, 0);
    }
    s.plain->split_pairs((int16_t *)pairs.data, columns, (int16_t *)want[0].data, (int16_t *)want[1].data);
    s.fast->split_pairs((int16_t *)pairs.data, columns, (int16_t *)got[0].data, (int16_t *)got[1].data);
    char shape[64];
    snprintf(shape, sizeof shape, "%zu columns", columns);
    for (int j = 0; j < 2; j++) {
      check_bytes(s.c, name, shape, want[j].data, got[j].data, 2 * columns);
      guarded_free(&want[j]);
      guarded_free(&got[j]);
    }
    guarded_free(&pairs);
  }
}

pixels_axis pixels_make_axis(check *c, size_t columns, size_t samples, int taps) {
  const size_t room = padded(columns);
  pixels_axis r = {.axis = {.columns = (int32_t)columns, .taps = taps}};
  r.first = guarded_alloc(4 * room, 0);
  r.weights = guarded_alloc(2 * room * (size_t)taps, 0);
  int32_t *first = (int32_t *)r.first.data;
  int16_t *weights = (int16_t *)r.weights.data;
  memset(weights, 0, r.weights.size);
  for (size_t x = 0; x < room; x++) {
    const size_t at = x < columns ? x : columns - 1;
    first[x] = (int32_t)(at * (samples - (size_t)taps + 1) / columns);
    int16_t row[MAX_TAPS];
    pixels_random_weights(c, taps, row);
    for (int t = 0; t < taps; t++) weights[(size_t)(t / 2) * 2 * room + 2 * x + (size_t)(t % 2)] = row[t];
  }
  for (size_t x = 0; x < room; x += 4)
    if (first[x + 3] - first[x] > r.axis.spread) r.axis.spread = first[x + 3] - first[x];
  r.axis.first = first;
  r.axis.weights = weights;
  return r;
}

static void check_resample(pixels_subject s, const char *name) {
  for (int i = 0; i < CASES; i++) {
    const size_t columns = some_columns(s.c, i);
    const int taps = 2 * check_range(s.c, 1, MAX_TAPS / 2);
    const size_t samples = (size_t)taps + (size_t)check_range(s.c, 0, (int)columns * 3);
    pixels_axis r = pixels_make_axis(s.c, columns, samples, taps);
    guarded in = pixels_random_s16(s.c, samples, 0, 255 << RM_BLENDED_BITS, RM_PIXELS_OVER_READ);
    guarded want = guarded_alloc(2 * padded(columns), 0), got = guarded_alloc(2 * padded(columns), 0);
    s.plain->resample_row((int16_t *)in.data, &r.axis, (int16_t *)want.data);
    s.fast->resample_row((int16_t *)in.data, &r.axis, (int16_t *)got.data);
    char shape[64];
    snprintf(shape, sizeof shape, "%zu samples to %zu, %d taps", samples, columns, taps);
    check_bytes(s.c, name, shape, want.data, got.data, 2 * columns);
    guarded_free(&in);
    guarded_free(&want);
    guarded_free(&got);
    guarded_free(&r.first);
    guarded_free(&r.weights);
  }
}

// BT.709, limited.
const rm_yuv_matrix pixels_matrix = {
    .luma = 9539,
    .red_v = 14686,
    .green_u = -1747,
    .green_v = -4366,
    .blue_u = 17305,
    .red_bias = (1 << 18) - 9539 * 1024 - 14686 * 8192,
    .green_bias = (1 << 18) - 9539 * 1024 + (1747 + 4366) * 8192,
    .blue_bias = (1 << 18) - 9539 * 1024 - 17305 * 8192,
};

static void check_colors(pixels_subject s, const char *name) {
  for (int i = 0; i < CASES; i++) {
    const size_t columns = some_columns(s.c, i), room = padded(columns);
    guarded in[3];
    for (int j = 0; j < 3; j++) in[j] = pixels_random_s16(s.c, room, 0, 255 << RM_SAMPLE_BITS, 0);
    guarded want = guarded_alloc(3 * room, 0), got = guarded_alloc(3 * room, 0);
    const int16_t *y = (int16_t *)in[0].data, *u = (int16_t *)in[1].data, *v = (int16_t *)in[2].data;
    s.plain->yuv_to_rgb(y, u, v, &pixels_matrix, columns, want.data);
    s.fast->yuv_to_rgb(y, u, v, &pixels_matrix, columns, got.data);
    char shape[64];
    snprintf(shape, sizeof shape, "%zu columns", columns);
    check_bytes(s.c, name, shape, want.data, got.data, 3 * columns);
    for (int j = 0; j < 3; j++) guarded_free(&in[j]);
    guarded_free(&want);
    guarded_free(&got);
  }
}

static void check_normalize(pixels_subject s, const char *name) {
  const float mean[3] = {123.675f, 116.28f, 103.53f}, scale[3] = {0.0171f, 0.0175f, 0.0174f};
  for (int i = 0; i < CASES; i++) {
    const size_t columns = some_columns(s.c, i);
    guarded rgb = pixels_random_u8(s.c, 3 * padded(columns), 0);
    guarded want = guarded_alloc(12 * columns, 0), got = guarded_alloc(12 * columns, 0);
    s.plain->normalize(rgb.data, mean, scale, columns, (float *)want.data);
    s.fast->normalize(rgb.data, mean, scale, columns, (float *)got.data);
    char shape[64];
    snprintf(shape, sizeof shape, "%zu columns", columns);
    check_bytes(s.c, name, shape, want.data, got.data, 12 * columns);
    guarded_free(&rgb);
    guarded_free(&want);
    guarded_free(&got);
  }
}

rm_rgb_quantizer pixels_make_quantizer(check *c, int is_affine, int is_signed) {
  rm_rgb_quantizer q = {.is_affine = is_affine, .is_signed = is_signed};
  for (int ch = 0; ch < 3; ch++) {
    q.slope[ch] = check_range(c, 0, (1 << 22) - 1);
    q.offset[ch] = check_range(c, -(1 << 28), 1 << 28);
    for (int i = 0; i < 256; i++) {
      const int line = (q.slope[ch] * i + q.offset[ch]) >> RM_AFFINE_BITS;
      const int low = is_signed ? -128 : 0, high = is_signed ? 127 : 255;
      q.table[ch][i] = (uint8_t)(is_affine ? (line < low ? low : line > high ? high : line) : check_range(c, 0, 255));
    }
  }
  return q;
}

static void check_quantize(pixels_subject s, const char *name) {
  for (int i = 0; i < CASES; i++) {
    const size_t columns = some_columns(s.c, i);
    const rm_rgb_quantizer q = pixels_make_quantizer(s.c, i % 3 != 0, i % 2);
    guarded rgb = pixels_random_u8(s.c, 3 * padded(columns), 0);
    guarded want = guarded_alloc(3 * columns, 0), got = guarded_alloc(3 * columns, 0);
    s.plain->quantize(rgb.data, &q, columns, want.data);
    s.fast->quantize(rgb.data, &q, columns, got.data);
    char shape[64];
    snprintf(shape, sizeof shape, "%zu columns, affine %d, signed %d", columns, i % 3 != 0, i % 2);
    check_bytes(s.c, name, shape, want.data, got.data, 3 * columns);
    guarded_free(&rgb);
    guarded_free(&want);
    guarded_free(&got);
  }
}

static int some_classes(check *c, int at) {
  static const int counts[] = {1, 2, 7, 8, 9, 11, 15, 16, 17, 19, 21, 32, 33, 40};
  const int count = sizeof counts / sizeof *counts;
  return at < count ? counts[at] : at == count ? 255 : check_range(c, 2, 40);
}

typedef enum { FLOAT, EXACT, ROUNDED } arithmetic;

// Logits through all three kernels, compared after each.
static void check_scores(pixels_subject s, const char *const names[3], arithmetic kind) {
  for (int i = 0; i < 3 * CASES; i++) {
    const int classes = some_classes(s.c, i % CASES);
    const size_t columns = i % 7 == 0 ? 1 : (size_t)check_range(s.c, 1, 150);
    const size_t outputs = some_columns(s.c, i / 3), stride = padded(columns + 1);
    const size_t pixel_stride = (size_t)(classes + (i % 2 ? check_range(s.c, 0, 9) : 0));
    const size_t size = kind == FLOAT ? 4 : 2, logit_size = kind == FLOAT ? 4 : 1;
    const int unit = kind == EXACT ? 8 : 128, gain = kind == EXACT ? 16 : 1;
    const int step = check_range(s.c, 0, unit);
    const float fraction = check_float(s.c, 0, 1);
    const uint8_t flip = i % 2 ? 0x80 : 0;
    char shape[96];
    snprintf(shape, sizeof shape, "%zu logits of %d, every %zu, to %zu", columns, classes, pixel_stride, outputs);

    guarded logits[2], planes[2][2], lerped[2];
    for (int row = 0; row < 2; row++) {
      const size_t count = columns * pixel_stride;
      logits[row] = guarded_alloc(count * logit_size, RM_PIXELS_OVER_READ);
      if (kind == FLOAT) {
        // Few values, so that ties are common.
        for (size_t j = 0; j < count; j++)
          ((float *)logits[row].data)[j] = i % 4 ? check_float(s.c, -9, 9) : (float)check_range(s.c, -1, 1);
      } else {
        for (size_t j = 0; j < count; j++)
          logits[row].data[j] = (uint8_t)(i % 4 ? check_range(s.c, 0, 255) : check_range(s.c, 0, 1) * 255 - 128);
      }
      for (int side = 0; side < 2; side++) {
        const rm_pixels_table *t = side ? s.fast : s.plain;
        planes[row][side] = guarded_alloc((size_t)classes * stride * size, RM_PIXELS_OVER_READ);
        if (kind == FLOAT)
          t->planes_f32((float *)logits[row].data, pixel_stride, columns, classes, (float *)planes[row][side].data,
                        stride);
        else
          t->planes_s8(logits[row].data, pixel_stride, columns, classes, flip, (int16_t *)planes[row][side].data,
                       stride);
      }
      for (size_t k = 0; k < (size_t)classes; k++)
        check_bytes(s.c, names[0], shape, planes[row][0].data + k * stride * size,
                    planes[row][1].data + k * stride * size, (columns + 1) * size);
    }
    for (int side = 0; side < 2; side++) {
      const rm_pixels_table *t = side ? s.fast : s.plain;
      lerped[side] = guarded_alloc(2 * (size_t)classes * stride * size, RM_PIXELS_OVER_READ);
      const void *upper = planes[0][0].data, *lower = planes[1][0].data;
      if (kind == FLOAT)
        t->lerp_f32(upper, lower, fraction, columns, classes, (float *)lerped[side].data, stride);
      else
        t->lerp_s16(upper, lower, unit, step, gain, columns, classes, (int16_t *)lerped[side].data, stride);
    }
    for (size_t k = 0; k < 2 * (size_t)classes; k++)
      check_bytes(s.c, names[1], shape, lerped[0].data + k * stride * size, lerped[1].data + k * stride * size,
                  columns * size);

    guarded first = guarded_alloc(4 * outputs, 0), parts = guarded_alloc(size * outputs, 0);
    guarded want = guarded_alloc(outputs, 0), got = guarded_alloc(outputs, 0);
    for (size_t x = 0; x < outputs; x++) {
      ((int32_t *)first.data)[x] = (int32_t)(x * columns / outputs);
      if (kind == FLOAT)
        ((float *)parts.data)[x] = check_float(s.c, 0, 1);
      else
        ((int16_t *)parts.data)[x] = (int16_t)check_range(s.c, 0, kind == EXACT ? gain - 1 : 32767);
    }
    const int32_t *at = (int32_t *)first.data;
    for (int side = 0; side < 2; side++) {
      const rm_pixels_table *t = side ? s.fast : s.plain;
      uint8_t *labels = side ? got.data : want.data;
      const void *in = lerped[0].data, *part = parts.data;
      if (kind == FLOAT) t->argmax_f32(in, stride, classes, at, part, outputs, labels);
      if (kind == EXACT) t->argmax_exact_s16(in, stride, classes, at, part, outputs, labels);
      if (kind == ROUNDED) t->argmax_q15_s16(in, stride, classes, at, part, outputs, labels);
    }
    check_bytes(s.c, names[2], shape, want.data, got.data, outputs);
    for (int j = 0; j < 2; j++) {
      guarded_free(&logits[j]);
      guarded_free(&planes[j][0]);
      guarded_free(&planes[j][1]);
      guarded_free(&lerped[j]);
    }
    guarded_free(&first);
    guarded_free(&parts);
    guarded_free(&want);
    guarded_free(&got);
  }
}

rm_overlay_palette pixels_make_palette(check *c, int classes) {
  rm_overlay_palette p;
  check_fill_u8(c, p.colors[0], sizeof p.colors);
  p.labels = (classes + 15) / 16 * 16;
  for (int i = 0; i < 256; i++) {
    p.alpha[i] = (uint8_t)(check_range(c, 0, 3) ? check_range(c, 0, 128) : 128 * check_range(c, 0, 1));
    if (check_range(c, 0, 3) == 0) p.colors[1][i] = (uint8_t)(255 * check_range(c, 0, 1));
  }
  for (int i = p.labels; i < 255; i++) {
    p.alpha[i] = p.alpha[255];
    for (int plane = 0; plane < 3; plane++) p.colors[plane][i] = p.colors[plane][255];
  }
  return p;
}

typedef enum { PLANE, CHROMA, PAIRS } layout;

static void check_overlay(pixels_subject s, const char *name, layout kind) {
  for (int i = 0; i < 2 * CASES; i++) {
    const size_t columns = some_columns(s.c, i / 2), samples = (columns + 1) / 2;
    const int classes = i % 9 == 8 ? 256 : some_classes(s.c, i % CASES);
    const rm_overlay_palette palette = pixels_make_palette(s.c, classes);
    guarded upper = random_labels(s.c, columns, classes), lower = random_labels(s.c, columns, classes);
    const size_t bytes = kind == PLANE ? columns : kind == CHROMA ? samples : 2 * samples;
    guarded a = pixels_random_u8(s.c, bytes, 0), b = pixels_random_u8(s.c, bytes, 0);
    if (i % 5 == 0) memset(a.data, i % 2 ? 255 : 0, bytes);
    guarded want[2], got[2];
    for (int j = 0; j < 2; j++) {
      want[j] = guarded_alloc(bytes, 0);
      got[j] = guarded_alloc(bytes, 0);
      memcpy(got[j].data, j ? b.data : a.data, bytes);
    }
    const uint8_t *below = i % 3 ? lower.data : upper.data;
    // The variant draws in place.
    if (kind == PLANE) {
      s.plain->overlay_plane(a.data, upper.data, &palette, i % 3, columns, want[0].data);
      s.fast->overlay_plane(got[0].data, upper.data, &palette, i % 3, columns, got[0].data);
    } else if (kind == CHROMA) {
      s.plain->overlay_chroma(a.data, b.data, upper.data, below, &palette, columns, want[0].data, want[1].data);
      s.fast->overlay_chroma(got[0].data, got[1].data, upper.data, below, &palette, columns, got[0].data, got[1].data);
    } else {
      s.plain->overlay_chroma_pairs(a.data, upper.data, below, &palette, columns, want[0].data);
      s.fast->overlay_chroma_pairs(got[0].data, upper.data, below, &palette, columns, got[0].data);
    }
    char shape[64];
    snprintf(shape, sizeof shape, "%zu columns, %d classes", columns, classes);
    for (int j = 0; j < (kind == CHROMA ? 2 : 1); j++) check_bytes(s.c, name, shape, want[j].data, got[j].data, bytes);
    for (int j = 0; j < 2; j++) {
      guarded_free(&want[j]);
      guarded_free(&got[j]);
    }
    guarded_free(&upper);
    guarded_free(&lower);
    guarded_free(&a);
    guarded_free(&b);
  }
}

static void check_counts(pixels_subject s, const char *name, int is_confusion) {
  for (int i = 0; i < CASES; i++) {
    const size_t columns = some_columns(s.c, i);
    const int classes = some_classes(s.c, i);
    guarded a = random_labels(s.c, columns, classes), b = random_labels(s.c, columns, classes);
    const size_t size = 8 * (is_confusion ? (size_t)classes * ((size_t)classes + 1) : 256);
    guarded want = guarded_alloc(size, 0), got = guarded_alloc(size, 0);
    memcpy(got.data, want.data, size);
    for (int side = 0; side < 2; side++) {
      const rm_pixels_table *t = side ? s.fast : s.plain;
      uint64_t *counts = (uint64_t *)(side ? got.data : want.data);
      if (is_confusion)
        t->confusion(a.data, b.data, columns, classes, counts);
      else
        t->histogram(a.data, columns, counts);
    }
    char shape[64];
    snprintf(shape, sizeof shape, "%zu columns, %d classes", columns, classes);
    check_bytes(s.c, name, shape, want.data, got.data, size);
    guarded_free(&a);
    guarded_free(&b);
    guarded_free(&want);
    guarded_free(&got);
  }
}

void check_pixels(check *c) {
  if (c->level == RM_CPU_SCALAR && !c->bench) return;
  const pixels_subject s = {c, rm_pixels_kernels(RM_CPU_SCALAR), rm_pixels_kernels(c->level)};
  if (c->bench) return pixels_bench(s);
  static const char *const float_names[3] = {"planes_f32", "lerp_f32", "argmax_f32"};
  static const char *const exact_names[3] = {"planes_s8", "lerp_s16", "argmax_exact_s16"};
  static const char *const rounded_names[3] = {"planes_s8", "lerp_s16", "argmax_q15_s16"};
  if (check_wants(c, "blend_rows")) check_blend(s, "blend_rows");
  if (check_wants(c, "split_pairs")) check_split(s, "split_pairs");
  if (check_wants(c, "resample_row")) check_resample(s, "resample_row");
  if (check_wants(c, "yuv_to_rgb")) check_colors(s, "yuv_to_rgb");
  if (check_wants(c, "normalize")) check_normalize(s, "normalize");
  if (check_wants(c, "quantize")) check_quantize(s, "quantize");
  if (check_wants(c, "argmax_f32")) check_scores(s, float_names, FLOAT);
  if (check_wants(c, "argmax_exact_s16")) check_scores(s, exact_names, EXACT);
  if (check_wants(c, "argmax_q15_s16")) check_scores(s, rounded_names, ROUNDED);
  if (check_wants(c, "overlay_plane")) check_overlay(s, "overlay_plane", PLANE);
  if (check_wants(c, "overlay_chroma")) check_overlay(s, "overlay_chroma", CHROMA);
  if (check_wants(c, "overlay_chroma_pairs")) check_overlay(s, "overlay_chroma_pairs", PAIRS);
  if (check_wants(c, "histogram")) check_counts(s, "histogram", 0);
  if (check_wants(c, "confusion")) check_counts(s, "confusion", 1);
}
