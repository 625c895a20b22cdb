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
#include "rm_kernel.h"

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

// RGB to quantized integers.
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

#ifdef __clang__
#pragma clang assume_nonnull end
#endif

// A slot: rm_pixels_blend_rows_slot and so on.
#define RM_SLOT(slot, parameters, ...) \
  typedef struct {                     \
    void (*function) parameters;       \
    rm_kernel_id id;                   \
  } rm_pixels_##slot##_slot;
#include "slots_pixels.inc"

// The kernels of one level: a record for each row of slots_pixels.inc, where their contracts stand.
typedef struct {
#define RM_SLOT(slot, ...) rm_pixels_##slot##_slot slot;
#include "slots_pixels.inc"
} rm_pixels_table;

enum {
#define RM_SLOT(slot, ...) RM_PIXELS_SLOT_##slot,
#include "slots_pixels.inc"
  RM_PIXELS_SLOTS
};

#ifdef __clang__
#pragma clang assume_nonnull begin
#endif

// The kernels of a usable level. Static storage.
const rm_pixels_table *rm_pixels_kernels(rm_cpu_level level);

// Writes the table's slots in the order of the list, RM_PIXELS_SLOTS of them.
void rm_pixels_slots(const rm_pixels_table *table, rm_kernel_slot *slots);

#ifdef __clang__
#pragma clang assume_nonnull end
#endif

#ifdef __cplusplus
}
#endif
