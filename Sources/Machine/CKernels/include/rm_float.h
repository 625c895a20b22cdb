// SPDX-License-Identifier: Apache-2.0
// Network operators on floats, stored as float32 or as float16 (IEEE half precision).
//
// Both kinds of storage have the same kernels with the same arguments: `rm_float_kernels` gives the table for one.
// What a comment calls an element is a float in one and a half in the other; strides are in elements. Biases,
// limits, tables of weights, grids and whatever else is declared as float is float32 in both.
//
// Every kernel takes a pointer to its arguments and a range [begin, end) of units: pieces of the output that
// may be computed in any order and by any thread. The unit is stated with each argument structure. What a unit
// holds does not depend on the range it is asked for in, so results are the same for any split.
//
// Maps are channels-last: [batch][rows][columns][channels], channels innermost and contiguous. Pointers need no
// alignment beyond the element's. A kernel may read up to RM_FLOAT_OVER_READ bytes behind the end of an
// input map and of packed weights, and never writes outside its output. An output must not overlap an input,
// except where "in place" is said.
//
// Errors are against the exact result, relative to the sum of the magnitudes of the terms: 2e-6 for sums of up
// to 10^4 terms, 2e-6 for functions. Levels differ from one another within the same bounds, because they fuse
// multiply and add or not; one level always gives the same bits. Halves are computed in float32 and rounded once,
// to nearest, ties to even: half a unit of the last place more. Kernels of RM_ISA_avx512fp16 and RM_ISA_neonfp16 keep
// sums in halves instead, where each term adds an error of up to 2^-11 of the sum so far. f16_conv__amx takes a half
// as two bf16: each product has an error of up to 2^-17 of it. A number beyond 65504 becomes infinite when stored as
// half. NaN goes through sums and limits; a maximum over NaN is not specified.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rm_cpu.h"
#include "rm_kernel.h"

#ifdef __cplusplus
extern "C" {
#endif

// Bytes behind the end of an input that a vector load may touch.
enum { RM_FLOAT_OVER_READ = 64 };
// Elements of a flat array in one unit.
enum { RM_FLOAT_BLOCK = 4096 };
// Output pixels in one unit of a convolution.
enum { RM_FLOAT_CONV_TILE = 48 };
// Elements of input that a convolution on halves widens at a time.
enum { RM_FLOAT_CONV_STAGE = 1 << 16 };
// The largest window of a convolution with packed weights, in taps.
enum { RM_FLOAT_CONV_TAPS = 64 };
// The most input channels of a group of a convolution with packed weights.
enum { RM_FLOAT_CONV_DEPTH = 4096 };
// Axes that strided operators take.
enum { RM_FLOAT_RANK = 8 };

// Convolution: output = min(max(sum + bias, low), high) + residual, where `add_first` moves the residual into
// the limits: min(max(sum + bias + residual, low), high). No activation is low = -INFINITY, high = INFINITY.
//
// Cells outside the input count as zero. The output may be the residual itself, element for element.
// Unit: RM_FLOAT_CONV_TILE output pixels in row-major order over batch, rows and columns.
// Depthwise kernels: unit is one output row of one picture.
typedef struct {
  const void *input;
  const void *weights;    // [out_channels][kernel_rows][kernel_columns][in_channels / groups], or packed
  const float *bias;      // [out_channels]; NULL means zero
  const void *residual;  // [pixels of the output][out_channels]; NULL means none
  void *output;
  ptrdiff_t in_stride, out_stride, residual_stride;  // from a pixel to the next; a row follows the last pixel
  int batch;
  int in_rows, in_columns, in_channels;
  int out_rows, out_columns, out_channels;
  int groups;
  int kernel_rows, kernel_columns;
  int stride_rows, stride_columns;
  int dilation_rows, dilation_columns;
  int pad_top, pad_left;
  int add_first;
  float low, high;
} rm_float_conv;

// 1 where a kernel with packed weights takes a window, its strides and dilations, and so many channels.
int rm_float_conv_fits(const rm_float_conv *conv);

// Depthwise weights [channels][taps] to [taps][channels], the form that depthwise kernels take.
void rm_float_dwconv_pack(int channels, int taps, const float *weights, float *packed);

// To nearest, ties to even; and back, which is exact.
void rm_float_to_halves(const float *input, uint16_t *output, size_t count);
void rm_float_from_halves(const uint16_t *input, float *output, size_t count);
// The same to bf16, the upper half of a float.
void rm_float_to_bf16(const float *input, uint16_t *output, size_t count);

// Two maps element by element, operands repeated along axes where their stride is 0:
// output = min(max(a op b, low), high). Output is contiguous. In place on an operand of the output's own shape.
// Unit: one run along the innermost axis; there are extents[0] * ... * extents[rank - 2] of them.
typedef struct {
  const void *a, *b;
  void *output;
  int rank;                       // 1 to RM_FLOAT_RANK
  ptrdiff_t extents[RM_FLOAT_RANK];
  ptrdiff_t a_strides[RM_FLOAT_RANK], b_strides[RM_FLOAT_RANK];  // the innermost 0 or 1
  float low, high;
} rm_float_binary;

// One function of each element. In place.
// clamp: min(max(x, a), b). sigmoid: 1 / (1 + exp(-x)). hard_sigmoid: min(max(a x + b, 0), 1).
// hard_swish: x min(max(x / 6 + 1/2, 0), 1). Unit: RM_FLOAT_BLOCK elements.
typedef struct {
  const void *input;
  void *output;
  ptrdiff_t count;
  float a, b;
} rm_float_unary;

// The other storage of the same numbers. Unit: RM_FLOAT_BLOCK elements.
typedef struct {
  const void *input;
  void *output;
  ptrdiff_t count;
} rm_float_convert;

// Softmax over the middle axis of [outer][extent][inner]. In place. Unit: one outer index.
typedef struct {
  const void *input;
  void *output;
  ptrdiff_t outer, extent, inner;
} rm_float_softmax;

// Windows over rows and columns. Cells outside the input never win a maximum; in an average they are left out,
// or count as zeros where `count_include_pad` and the cell lies within the pads. Unit: one output row.
typedef struct {
  const void *input;
  void *output;
  ptrdiff_t in_stride, out_stride;
  int batch;
  int in_rows, in_columns, channels;
  int out_rows, out_columns;
  int kernel_rows, kernel_columns;
  int stride_rows, stride_columns;
  int pad_top, pad_left, pad_bottom, pad_right;
  int count_include_pad;
} rm_float_pool;

// The mean of all pixels: [batch][pixels][channels] to [batch][channels]. Unit: one picture.
typedef struct {
  const void *input;
  void *output;
  ptrdiff_t in_stride;
  int batch, pixels, channels;
} rm_float_global_pool;

// Sums over any axes, times `scale`. Unit: one element of the output, in the order of the kept axes.
typedef struct {
  const void *input;
  void *output;
  int kept_rank, summed_rank;
  ptrdiff_t kept_extents[RM_FLOAT_RANK], kept_strides[RM_FLOAT_RANK];
  ptrdiff_t summed_extents[RM_FLOAT_RANK], summed_strides[RM_FLOAT_RANK];
  float scale;
} rm_float_reduce;

// The lowest index of the greatest value over the middle axis of [outer][extent][inner]. Unit: one outer index.
typedef struct {
  const void *input;
  int64_t *output;
  ptrdiff_t outer, extent, inner;
} rm_float_arg_max;

// Elements of `size` bytes from one strided array to another: transpose, slice, concat, pad, depth to space.
// Unit: one index of the outermost axis. Strides may be negative.
typedef struct {
  const void *input;
  void *output;
  int size;  // 1, 2, 4 or 8
  int rank;  // 1 to RM_FLOAT_RANK
  ptrdiff_t extents[RM_FLOAT_RANK];
  ptrdiff_t in_strides[RM_FLOAT_RANK], out_strides[RM_FLOAT_RANK];
} rm_copy;

// The same value everywhere. Unit: RM_FLOAT_BLOCK elements.
typedef struct {
  void *output;
  ptrdiff_t count;
  float value;
} rm_float_fill;

// Change of size by tables: output row i mixes input rows rows0[i] and rows1[i], the latter with weight
// row_weights[i]; the same for columns. Nearest is weight 0. Unit: one output row of one picture.
typedef struct {
  const void *input;
  void *output;
  ptrdiff_t in_stride, out_stride;
  const int *rows0, *rows1, *columns0, *columns1;
  const float *row_weights, *column_weights;
  int batch;
  int in_rows, in_columns, channels;
  int out_rows, out_columns;
} rm_float_resize;

// ONNX GridSample: grid [batch][out_rows][out_columns][2], x first, -1 to 1 across the input.
// Coordinates that are not finite sample as the border's first cell. Unit: one output row.
typedef struct {
  const void *input;
  const float *grid;
  void *output;
  int batch;
  int in_rows, in_columns, channels;
  int out_rows, out_columns;
  int align_corners;  // -1 and 1 are the centres of the outermost cells, not their outer edges
  int border;         // cells outside repeat the border; otherwise they are zero
  int nearest;        // the nearest cell, ties to even; otherwise bilinear
} rm_float_gridsample;

// Moves each pixel of a map to where its semantics are (SRM, arXiv 2412.08671):
//   d(i, j)   = sum over the 3x3 neighbours n of mask[i][j][n] * offsets[i + n / 3 - 1][j + n % 3 - 1];
//               offsets outside the map are zero; without a mask d = offsets[i][j]
//   scale 2:  x = (j + 0.5 + d.x) / 2 - 0.5, source of half the output's rows and columns
//   scale 1:  x = j + d.x
//   output[i][j] = bilinear sample of source at (x, y) clamped to its border, + residual[i][j]
// Offsets are in output pixels, x first. Unit: one output row of one picture.
typedef struct {
  const void *source;    // [batch][source_rows][source_columns][channels]
  const void *offsets;   // [batch][rows][columns][2]
  const void *mask;      // [batch][rows][columns][9]; NULL means none
  const void *residual;  // [batch][rows][columns][channels]; NULL means none; may be the output
  void *output;
  ptrdiff_t source_stride, offsets_stride, mask_stride, residual_stride, out_stride;  // pixel to pixel
  int batch;
  int source_rows, source_columns, channels;
  int rows, columns;
  int scale;  // 1 or 2
} rm_float_warp;

// Local cross-attention (RSP, arXiv 2106.01744): the four fine pixels of each coarse cell take from the region x region
// cells around it, whose keys and values are zero beyond the border:
//   weight(p, r) = softmax over cells r of scale * (query[p] . key[r]) + bias[sub-pixel of p][r]
//   output[p]    = sum over r of weight(p, r) * value[r]
// Unit: two output rows, of one coarse row of one picture.
#define RM_ATTENTION_CELLS 49
typedef struct {
  const void *query;   // [batch][2 * rows][2 * columns][depth]
  const void *key;     // [batch][rows][columns][depth]
  const void *value;   // [batch][rows][columns][channels]
  const float *bias;   // [4][region * region]; NULL means zeros
  void *output;        // [batch][2 * rows][2 * columns][channels]
  ptrdiff_t query_stride, key_stride, value_stride, out_stride;  // pixel to pixel
  int batch;
  int rows, columns;  // coarse
  int depth, channels;
  int region;  // odd, at most 7
  float scale;
} rm_float_local_attention;

// Attention of every pixel of a picture to all its pixels (MCIBI, arXiv 2108.11819):
//   weight(p, n) = softmax over pixels n of scale * (query[p] . key[n])
//   output[p]    = sum over n of weight(p, n) * value[n]
// No matrix of weights is kept. Of float32 only. The output overlaps no input. Unit: one pixel.
typedef struct {
  const void *query, *key;  // [batch][pixels][depth]
  const void *value;        // [batch][pixels][channels]
  void *output;             // [batch][pixels][channels]
  ptrdiff_t query_stride, key_stride, value_stride, out_stride;  // pixel to pixel
  int batch, pixels;
  int depth, channels;
  float scale;
} rm_float_global_attention;

// output[i] = a[i] x b[i] for each i of the batch: [m][k] x [k][n]. A batch stride of 0 repeats the operand.
// Unit: one row of one product.
typedef struct {
  const void *a, *b;
  void *output;
  ptrdiff_t a_batch_stride, b_batch_stride;
  int batch, m, k, n;
} rm_float_matmul;

// quantized = round_half_even(float / scale) + zero_point, kept within the type; and back. The middle axis of
// [outer][extent][inner] has a scale and zero point for each index. Unit: one outer index.
typedef struct {
  const void *input;
  void *output;
  const float *scales;         // [extent]
  const int32_t *zero_points;  // [extent]
  ptrdiff_t outer, extent, inner;
  int is_signed;  // the quantized type: int8, otherwise uint8
} rm_float_quantize;

// A slot: rm_float_conv_kernel for the slots of rm_float_conv, and so on.
#define RM_FLOAT_KERNEL(call)                                       \
  typedef void (*call##_fn)(const call *, ptrdiff_t begin, ptrdiff_t end); \
  typedef struct {                                                  \
    call##_fn function;                                             \
    rm_kernel_id id;                                                \
  } call##_kernel;
RM_FLOAT_KERNEL(rm_float_conv)
RM_FLOAT_KERNEL(rm_float_binary)
RM_FLOAT_KERNEL(rm_float_unary)
RM_FLOAT_KERNEL(rm_float_convert)
RM_FLOAT_KERNEL(rm_float_softmax)
RM_FLOAT_KERNEL(rm_float_pool)
RM_FLOAT_KERNEL(rm_float_global_pool)
RM_FLOAT_KERNEL(rm_float_reduce)
RM_FLOAT_KERNEL(rm_float_arg_max)
RM_FLOAT_KERNEL(rm_copy)
RM_FLOAT_KERNEL(rm_float_fill)
RM_FLOAT_KERNEL(rm_float_resize)
RM_FLOAT_KERNEL(rm_float_gridsample)
RM_FLOAT_KERNEL(rm_float_warp)
RM_FLOAT_KERNEL(rm_float_local_attention)
RM_FLOAT_KERNEL(rm_float_global_attention)
RM_FLOAT_KERNEL(rm_float_matmul)
RM_FLOAT_KERNEL(rm_float_quantize)
#undef RM_FLOAT_KERNEL

// The kernels of one level on one type of elements: a record for each row of slots_float.inc.
//   conv        any convolution, weights as they are where conv_pack is NULL; else packed by it, and of shapes that
//               rm_float_conv_fits. `conv_packed_bytes` gives the size without over-read.
//   dwconv      groups = in_channels = out_channels, weights packed by rm_float_dwconv_pack
//   dwconv3x3   the same, 3x3 without dilation, stride_columns 1 or 2
//   to_float, from_float   between the table's elements and float32; in the table of float32 a copy
typedef struct {
#define RM_SLOT(slot, call, ...) call##_kernel slot;
#include "slots_float.inc"
  size_t (*conv_packed_bytes)(const rm_float_conv *);
  void (*conv_pack)(const rm_float_conv *, const float *weights, void *packed);
} rm_float_table;

enum {
#define RM_SLOT(slot, ...) RM_FLOAT_SLOT_##slot,
#include "slots_float.inc"
  RM_FLOAT_SLOTS
};

// The table of a level for elements that are floats (RM_NUMBERS_FLOAT) or halves: computed as the level computes
// halves best (RM_NUMBERS_HALF), or with convolutions that round their input and weights to bf16 where the level has
// products of them (RM_NUMBERS_BF16): each product has an error of up to 2^-8 of it. Static storage.
const rm_float_table *rm_float_kernels(rm_cpu_level level, rm_numbers numbers);

// Writes the table's slots in the order of the list, RM_FLOAT_SLOTS of them.
void rm_float_slots(const rm_float_table *table, rm_kernel_slot *slots);

// The record of the slot of that name; NULL where the table has no such kernel.
const rm_kernel_id *rm_float_kernel_id(const rm_float_table *table, const char *slot);

#ifdef __cplusplus
}
#endif
