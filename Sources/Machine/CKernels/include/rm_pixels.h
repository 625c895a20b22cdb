// SPDX-License-Identifier: Apache-2.0
// Pixels in and labels out: resize, argmax, overlay and counting, a row at a time.
//
// Common to all kernels here:
// - Every number is an integer with one defined rounding, or a float operation in a defined order without
//   fused multiply-add; each variant returns the bytes of the scalar kernel.
// - `>>` on a negative number rounds down. Rows are contiguous; counts are in elements and at least 1 unless
//   said otherwise. Pointers do not alias unless said otherwise and need no alignment.
// - "padded to N" says that a buffer has room for a count rounded up to N, all of which may be written.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rm_cpu.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __clang__
#pragma clang assume_nonnull begin
#define RM_NONNULL _Nonnull
#else
#define RM_NONNULL
#endif

enum {
  // Bytes behind a buffer that a kernel may read where its contract says "over-read".
  RM_PIXELS_OVER_READ = 64,
  // Columns to which rows between two kernels are padded.
  RM_PIXELS_GROUP = 32,
  // Fraction bits: filter weights, rows between the two filter passes, rows before the colour matrix,
  // colour matrix, alpha, and the affine form of a quantisation table.
  RM_WEIGHT_BITS = 14,
  RM_BLENDED_BITS = 7,
  RM_SAMPLE_BITS = 6,
  RM_MATRIX_BITS = 13,
  RM_ALPHA_BITS = 7,
  RM_AFFINE_BITS = 20,
};

// One axis of a resize: output x is the weighted mean of `taps` inputs from first[x] on.
typedef struct {
  int32_t columns;         // outputs
  int32_t taps;            // even
  int32_t spread;          // the most that `first` rises within outputs 4i ... 4i + 3
  const int32_t *first;    // [columns padded to RM_PIXELS_GROUP], never falling; padding repeats the last
  const int16_t *weights;  // [taps / 2][columns padded to RM_PIXELS_GROUP][2], >= 0, sum 1 << RM_WEIGHT_BITS
} rm_resample_axis;

// YUV to RGB: channel = (luma * Y + u * U + v * V + bias) >> (RM_SAMPLE_BITS + RM_MATRIX_BITS), clamped to
// 0...255. Biases hold the offsets of black and of neutral chroma, and the half that rounds.
typedef struct {
  int16_t luma;
  int16_t red_v, green_u, green_v, blue_u;
  int32_t red_bias, green_bias, blue_bias;
} rm_yuv_matrix;

// RGB to stored integers.
typedef struct {
  uint8_t table[3][256];  // the truth, as bytes of u8 or s8
  // 1 where table[c][i] also is (slope[c] * i + offset[c]) >> RM_AFFINE_BITS, saturated to u8 (`is_signed` 0)
  // or s8 (1), with 0 <= slope[c] < 1 << 22. Variants may then calculate instead of looking up.
  int32_t is_affine;
  int32_t is_signed;
  int32_t slope[3];
  int32_t offset[3];
} rm_rgb_quantizer;

// Labels to palette colours in a picture's own YUV.
typedef struct {
  // How much of the palette's colour shows, 0 ... 1 << RM_ALPHA_BITS; 0 leaves the source's byte.
  uint8_t alpha[256];
  uint8_t colors[3][256];  // Y, U, V
  int32_t labels;          // a multiple of 16, at least 16; labels from here on all look like label 255
} rm_overlay_palette;

typedef struct {
  // --- resize ---

  // out[x] = (sum over t of weights[t] * rows[t][x] + half) >> (RM_WEIGHT_BITS - RM_BLENDED_BITS).
  // rows: `taps` pointers to `columns` bytes, no over-read; weights >= 0, sum 1 << RM_WEIGHT_BITS; taps even.
  // out: [columns padded to RM_PIXELS_GROUP].
  void (*blend_rows)(const uint8_t *RM_NONNULL const *RM_NONNULL rows, const int16_t *weights, int taps, size_t columns,
                     int16_t *out);

  // Takes apart pairs: a[x] = pairs[2 * x], b[x] = pairs[2 * x + 1].
  // pairs: [2 * columns padded to 2 * RM_PIXELS_GROUP]; a, b: [columns padded to RM_PIXELS_GROUP].
  void (*split_pairs)(const int16_t *pairs, size_t columns, int16_t *a, int16_t *b);

  // out[x] = (sum over t of weights[t][x] * in[first[x] + t] + half) >> shift, which takes RM_BLENDED_BITS to
  // RM_SAMPLE_BITS. in: 0 ... 255 << RM_BLENDED_BITS, over-read; out: [axis->columns padded to RM_PIXELS_GROUP].
  void (*resample_row)(const int16_t *in, const rm_resample_axis *axis, int16_t *out);

  // y, u, v: [columns padded to RM_PIXELS_GROUP], 0 ... 255 << RM_SAMPLE_BITS, whole groups are read;
  // rgb: [columns padded to RM_PIXELS_GROUP][3].
  void (*yuv_to_rgb)(const int16_t *y, const int16_t *u, const int16_t *v, const rm_yuv_matrix *matrix,
                     size_t columns, uint8_t *rgb);

  // out[x][c] = ((float)rgb[x][c] - mean[c]) * scale[c], one rounding each. rgb: as yuv_to_rgb gives it.
  void (*normalize)(const uint8_t *rgb, const float *mean, const float *scale, size_t columns, float *out);

  // out[x][c] = table[c][rgb[x][c]]. rgb: as yuv_to_rgb gives it.
  void (*quantize)(const uint8_t *rgb, const rm_rgb_quantizer *quantizer, size_t columns, uint8_t *out);

  // --- argmax ---
  // Logits are held as planes, one per class: plane k begins at k * stride, holds `columns` values and the last
  // one again behind them. stride >= columns + 1, a multiple of RM_PIXELS_GROUP. `lerp_*` writes two planes
  // per class: the values of class k begin at 2 * k * stride, their slopes at (2 * k + 1) * stride. Planes are
  // over-read, and whatever lies between what they hold and the stride may be written.

  // planes[k][x] = logits[x * pixel_stride + k]; logits: [columns][pixel_stride >= classes], over-read.
  void (*planes_f32)(const float *logits, size_t pixel_stride, size_t columns, int classes, float *planes,
                     size_t stride);
  // The same, of s8, or of u8 with flip 0x80, which is xored onto every byte to bring it into s8.
  void (*planes_s8)(const uint8_t *logits, size_t pixel_stride, size_t columns, int classes, uint8_t flip,
                    int16_t *planes, size_t stride);

  // u[x] = upper[x] + (lower[x] - upper[x]) * fraction; value[x] = u[x]; slope[x] = u[x + 1] - u[x], x < columns.
  void (*lerp_f32)(const float *upper, const float *lower, float fraction, size_t columns, int classes,
                   float *out, size_t stride);
  // u[x] = upper[x] * (unit - fraction) + lower[x] * fraction; value[x] = u[x] * gain; slope[x] = u[x + 1] - u[x].
  // Planes of s8 values; unit <= 128, unit * gain <= 256, so that all three fit.
  void (*lerp_s16)(const int16_t *upper, const int16_t *lower, int unit, int fraction, int gain, size_t columns,
                   int classes, int16_t *out, size_t stride);

  // labels[x] = the class k with the highest score, the lowest of equals, 1 <= classes <= 255.
  // first: [columns], plane columns, never falling; fraction: [columns]; lerped: what `lerp_*` wrote.
  // score = value[first[x]] + slope[first[x]] * fraction[x]
  void (*argmax_f32)(const float *lerped, size_t stride, int classes, const int32_t *first,
                     const float *fraction, size_t columns, uint8_t *labels);
  // score = value[first[x]] + slope[first[x]] * fraction[x], which fits s16: fraction[x] < gain of `lerp_s16`
  void (*argmax_exact_s16)(const int16_t *lerped, size_t stride, int classes, const int32_t *first,
                           const int16_t *fraction, size_t columns, uint8_t *labels);
  // score = value[first[x]] + ((slope[first[x]] * fraction[x] + (1 << 14)) >> 15), with fraction >= 0 and gain 1
  void (*argmax_q15_s16)(const int16_t *lerped, size_t stride, int classes, const int32_t *first,
                         const int16_t *fraction, size_t columns, uint8_t *labels);

  // --- overlay ---
  // Blends s, a byte of the source, with colour c by alpha a: (s * (128 - a) + c * a + 64) >> 7, so that a = 0
  // gives s and a = 128 gives c. `out` may be the source itself. No over-read.

  // One plane at the size of the labels; color_plane 0, 1, 2 says which colours.
  void (*overlay_plane)(const uint8_t *source, const uint8_t *labels, const rm_overlay_palette *palette,
                        int color_plane, size_t columns, uint8_t *out);
  // Planes of half the columns. A chroma sample covers labels 2x and 2x + 1 (just 2x where the row ends) of both
  // label rows, which may be one and the same; it gets the mean of their four blends, rounded once:
  // (s * (512 - sum of a) + sum of c * a + 256) >> 9. label_columns: labels per row.
  void (*overlay_chroma)(const uint8_t *source_u, const uint8_t *source_v, const uint8_t *upper_labels,
                         const uint8_t *lower_labels, const rm_overlay_palette *palette, size_t label_columns,
                         uint8_t *out_u, uint8_t *out_v);
  // The same for one plane of UV pairs.
  void (*overlay_chroma_pairs)(const uint8_t *source, const uint8_t *upper_labels, const uint8_t *lower_labels,
                               const rm_overlay_palette *palette, size_t label_columns, uint8_t *out);

  // --- counting ---

  // counts[label] += how often it occurs; counts: [256].
  void (*histogram)(const uint8_t *labels, size_t columns, uint64_t *counts);
  // counts[truth * classes + predicted] += 1 wherever truth < classes; a prediction >= classes counts in column
  // `classes`. counts: [classes][classes + 1].
  void (*confusion)(const uint8_t *predicted, const uint8_t *truth, size_t columns, int classes, uint64_t *counts);
} rm_pixels_table;

// The kernels for `level`; slots without a variant hold the next lower level's. Static storage.
const rm_pixels_table *rm_pixels_kernels(rm_cpu_level level);

#ifdef __clang__
#pragma clang assume_nonnull end
#endif

#ifdef __cplusplus
}
#endif
