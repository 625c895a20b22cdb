// SPDX-License-Identifier: Apache-2.0
// Integer network operators: u8 activations, s8 weights, s32 accumulators. Same bytes at every level.
//
// Numbers
//   An activation q stands for scale * (q - zero), one scale and zero point (0...255) a tensor. A weight w
//   stands for scale[output channel] * w. Signed activations are kept with 128 added to q and to zero.
//   Accumulators are exact, and wrap modulo 2^32 where a sum leaves int32 (kernels have up to 65,000 terms
//   before that can happen).
//
//   REQUANTIZE  q = clamp(round(float(acc) * multiplier) + zero, low, high)
//     float() and the product round to nearest even in binary32, round() goes to the nearest integer, ties to
//     even; the clamp is of the integer. Every CPU level has these three as single instructions and IEEE 754
//     fixes each result, so bytes are equal everywhere, as long as nothing is contracted and the rounding mode
//     is the default one; a fixed-point product of 32 x 32 bits would cost three to four times as much in
//     SIMD. It is also what ONNX defines up to the rounding of the one multiplier.
//     The multiplier is (input scale * weight scale) / output scale, finite, not negative, not subnormal
//     (zero allowed). low <= high are in 0...255: a fused Relu or Clip.
//
//   COMBINE     q = clamp(((a * multiplierA + b * multiplierB + offset) >> shift) + zero, low, high)
//     int32 arithmetic, 16-bit multipliers, arithmetic shift; `rm_int8_make_combine` folds zero points and the
//     half for rounding into offset. Used where one or two quantized tensors are brought to another scale.
//
// Maps
//   [rows][columns][channels], channels innermost and contiguous; `pixel` is the distance in bytes from one
//   pixel to the next (channels or more: a map may be a slice of channels of a wider one), a row is
//   columns * pixel bytes. Output never overlaps input unless said. A kernel works on output rows (where said:
//   channels, elements) [begin, end) and writes nothing else, so that threads share a call. It needs up to 256 kB
//   of stack, all of it in arrays of constant size.
//
// Over-read
//   Kernels may read, and ignore, up to RM_INT8_OVERREAD bytes behind the last byte of any input, weights and
//   per-channel arrays included. They never write behind the end of an output.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rm_cpu.h"
#include "rm_kernel.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
  RM_INT8_OVERREAD = 64,
  // Cells of the largest window: of a dense convolution, and of one for each channel by itself.
  RM_INT8_CONV_TAPS = 121,
  RM_INT8_DWCONV_TAPS = 16 * 32,
  // Bytes of the terms of an output of a dense convolution, which may be gathered.
  RM_INT8_CONV_BYTES = 128 << 10,
};

// The rule COMBINE.
typedef struct {
  int32_t multiplier_a, multiplier_b;  // -32767...32767
  int32_t offset;
  int32_t shift;  // 0...24
  int32_t zero, low, high;
} rm_int8_combine;

// Of scale_a * (a - zero_a) + scale_b * (b - zero_b) in units of the output's scale: pass scales divided by it.
// One operand: scale_b = 0. A difference: scale_b < 0. The largest |scale| must be below 32767.
// Rounds half up, in steps of the larger scale / 2^14: off by less than 1/32 of a unit from exact for
// scales up to 1.
rm_int8_combine rm_int8_make_combine(double scale_a, int32_t zero_a, double scale_b, int32_t zero_b, int32_t zero,
                                     int32_t low, int32_t high);

// ---- Convolution -----------------------------------------------------------------------------------------

// One group; or one input channel to each output channel (depthwise, in_channels == out_channels).
// Cells outside the input count as its zero point; bottom and right padding follow from out_rows, out_columns.
typedef struct {
  int32_t in_rows, in_columns, in_channels;
  int32_t out_rows, out_columns, out_channels;
  int32_t kernel_rows, kernel_columns;  // dense: product up to RM_INT8_CONV_TAPS; depthwise: rows up to 16
  int32_t stride_rows, stride_columns;
  int32_t dilation_rows, dilation_columns;  // depthwise: (kernel_columns - 1) * dilation_columns < 32
  int32_t pad_top, pad_left;
} rm_int8_conv_shape;

// What pack folds together.
typedef struct {
  const int8_t *weights;    // dense [out][kernel_rows][kernel_columns][in], depthwise [channel][rows][columns]
  const int32_t *bias;      // [out], in units of input scale * weight scale; NULL: none
  const float *multiplier;  // [out], of REQUANTIZE
  int32_t in_zero;
} rm_int8_conv_weights;

typedef struct {
  rm_int8_conv_shape shape;
  const uint8_t *in;
  ptrdiff_t in_pixel;
  uint8_t *out;
  ptrdiff_t out_pixel;
  const void *packed;  // 64-byte aligned, packed at the same level
  const uint8_t *pad;  // rm_int8_pad_bytes(&shape) bytes, all the input's zero point
  int32_t out_zero, low, high;
  // Dense only: a map like the output to add. What REQUANTIZE gives is then `a` and the residual `b` of `join`.
  const uint8_t *residual;  // NULL: none; may be the output itself
  ptrdiff_t residual_pixel;
  rm_int8_combine join;
} rm_int8_conv_call;

size_t rm_int8_pad_bytes(const rm_int8_conv_shape *shape);

// 1 where kernels take a window and so many channels: what the shape's comments say, and of dense convolutions no more
// terms than RM_INT8_CONV_BYTES hold, each tap's with 64 to spare.
int rm_int8_conv_fits(const rm_int8_conv_shape *shape, int32_t depthwise);

// ---- Element by element, windows, geometry ---------------------------------------------------------------

// out = COMBINE(a, b). b == NULL: one operand (a change of scale).
typedef struct {
  const uint8_t *a, *b;
  uint8_t *out;  // may be a or b
  ptrdiff_t a_pixel, b_pixel, out_pixel;
  int32_t columns, channels;
  rm_int8_combine rule;
} rm_int8_combine_call;

// out = REQUANTIZE((a - a_zero) * (b - b_zero)).
typedef struct {
  const uint8_t *a, *b;
  uint8_t *out;  // may be a
  ptrdiff_t a_pixel, b_pixel, out_pixel;  // b: one row, one pixel or one channel may stand for all, see b_shape
  int32_t columns, channels;
  enum {
    RM_INT8_SAME = 0,      // b [rows][columns][channels]
    RM_INT8_CHANNELS = 1,  // b [channels], one weight for each channel
    RM_INT8_PIXELS = 2,    // b [rows][columns][1], one weight for each pixel
  } b_shape;
  int32_t a_zero, b_zero, out_zero, low, high;
  float multiplier;
} rm_int8_mul_call;

// out = table[in], byte by byte: any function of one value.
typedef struct {
  const uint8_t *in;
  uint8_t *out;  // may be in
  ptrdiff_t in_pixel, out_pixel;
  int32_t columns, channels;
  uint8_t table[256];
} rm_int8_table_call;

// Windows as in rm_int8_conv_shape (in_channels == out_channels, dilation 1). Cells outside are left out of the
// maximum; the average is REQUANTIZE(sum of (in - in_zero) over cells inside) with multiplier
// ratio / float(count), count being the cells inside, or kernel_rows * kernel_columns with count_pads.
// Every window holds a cell of the input.
typedef struct {
  rm_int8_conv_shape shape;
  const uint8_t *in;
  uint8_t *out;
  ptrdiff_t in_pixel, out_pixel;
  int32_t count_pads;
  int32_t in_zero, out_zero, low, high;
  float ratio;  // input scale / output scale
} rm_int8_pool_call;

// Average over all pixels, begin and end are channels: out[channels] = REQUANTIZE(sum of (in - in_zero)), multiplier
// given. Up to 2^22 pixels.
typedef struct {
  const uint8_t *in;
  uint8_t *out;
  ptrdiff_t in_pixel;
  int32_t pixels, channels;
  int32_t in_zero, out_zero, low, high;
  float multiplier;  // input scale / (output scale * pixels)
} rm_int8_mean_call;

// One axis of a resize: output coordinate -> first input coordinate, and the weight of the second in 1/2048.
// The second is first + 1, or first where that would lie outside.
typedef struct {
  int32_t first;
  int32_t weight;  // 0...2048
} rm_int8_tap;

// Bilinear: out = (sum of weightY * weightX * in + 2^21) >> 22. Keeps scale and zero point.
// With weights 0 and 2048 alone it is a nearest-neighbour resize.
typedef struct {
  const uint8_t *in;
  uint8_t *out;
  ptrdiff_t in_pixel, out_pixel;
  int32_t in_rows, in_columns, out_rows, out_columns, channels;
  const rm_int8_tap *rows, *columns;  // [out_rows], [out_columns]
  int32_t first_row;                  // what taps call the first row of `in`
} rm_int8_resize_call;

// Taps for `count` output coordinates at in = (i + 0.5) * step - 0.5 (half_pixel) or in = i * step, clamped to
// the input, rounded half up to 1/2048. Exact for steps 1/2, 1/4, 1/8 and so on.
void rm_int8_make_taps(rm_int8_tap *taps, int32_t count, int32_t in_count, double step, int32_t half_pixel);

// SOFTMAX over the channels of each pixel, in integers; warp and local attention weigh by it too:
//   e(c)      = table[largest in of the pixel - in(c)], the exponential of that difference in the table's unit
//   weight(c) = floor(256 * e(c) / sum of all e)
//   The largest input, the first of equals, gets what is left to 256 on top: the weights of a pixel sum to 256.
// The output is the weights with scale 1/256 and zero point 0, where 256 becomes 255.
// table[0] > 0, table never rises, channels * table[0] < 2^23, channels <= RM_INT8_SOFTMAX_CHANNELS.
#define RM_INT8_SOFTMAX_CHANNELS 255
typedef struct {
  const uint8_t *in;
  uint8_t *out;
  ptrdiff_t in_pixel, out_pixel;
  int32_t columns, channels;
  uint16_t table[256];
} rm_int8_softmax_call;

// Warp: samples `source` where offsets point, bilinear, clamped to the border.
//   offsets [rows][columns][2], x first, u8 with zero point 128, units of 1/16 output pixel
//   scores  [rows][columns][9], of which SOFTMAX with `table` gives mask weights over the 3x3
//           neighbours (row-major) that sum to 256; or NULL
//   with f = 6 (coarse: the source has half the rows and columns) or 5:
//   o = (sum of mask * (offset - 128) + 64) >> 7 in 1/32 pixel, or 2 * (offset - 128) without scores;
//       offsets outside the map count as 0
//   X = 32 * column + o.x - (coarse ? 16 : 0), clamped to [0, (source_columns - 1) << f], Y likewise
//   out = (sum of the four weights * source + 2^(2f-1)) >> 2f. Keeps the source's scale and zero point.
typedef struct {
  const uint8_t *source;
  const uint8_t *offsets;
  const uint8_t *scores;
  uint8_t *out;
  ptrdiff_t source_pixel, offsets_pixel, scores_pixel, out_pixel;
  int32_t source_rows, source_columns, rows, columns, channels;
  int32_t coarse;
  uint16_t table[256];
} rm_int8_warp_call;

// Local cross-attention (rm_float_local_attention) on quantized maps:
//   s(p, r)      = sum of (query - query_zero) * (key - key_zero); 0 for cells beyond the border
//   t(p, r)      = round(s * multiplier) + bias[sub-pixel][r], in steps of 1/32 of the exponent, ties to even
//   weights      = SOFTMAX of t, differences of 255 and more taken as 255: they sum to 256
//   out          = (sum of weight * value + 128) >> 8, value_zero beyond the border. Keeps the value's scale and zero
//                  point.
// begin and end are coarse rows; each gives two rows of the output.
#define RM_INT8_LOCAL_CELLS 49
typedef struct {
  const uint8_t *query, *key, *value;
  uint8_t *out;
  ptrdiff_t query_pixel, key_pixel, value_pixel, out_pixel;
  const int32_t *bias;  // [4][region * region]
  int32_t query_zero, key_zero, value_zero;
  int32_t rows, columns, depth, channels;  // rows and columns of the coarse maps
  int32_t region;                          // odd, at most 7
  float multiplier;                        // 32 * scale * query scale * key scale
  uint16_t table[256];
} rm_int8_local_attention_call;

// Attention of every pixel to all pixels (rm_f32_global_attention) on quantized maps:
//   s(p, n) = sum of (query - query_zero) * (key - key_zero)
//   t(p, n) = round(s * multiplier), in steps of 1/64 of the exponent, ties to even
//   e(p, n) = table[largest t of p - t], 0 for differences of RM_INT8_EXPONENTS and more; 0 < table[0] < 2^15
//   out     = floor((sum of e * value + sum of e / 2) / sum of e). Keeps the value's scale and zero point.
// |s * multiplier| < 2^30, channels <= RM_INT8_ATTENTION_CHANNELS. begin and end are pixels.
#define RM_INT8_EXPONENTS 1024
#define RM_INT8_ATTENTION_CHANNELS 256
typedef struct {
  const uint8_t *query, *key, *value;
  uint8_t *out;
  ptrdiff_t query_pixel, key_pixel, value_pixel, out_pixel;
  int32_t query_zero, key_zero;
  int32_t pixels, depth, channels;
  float multiplier;  // 64 * scale * query scale * key scale
  const uint16_t *table;
} rm_int8_global_attention_call;

// Samples `source` where a quantized grid points: bilinear. Each of the 256 numbers that a coordinate can be stands for
// one position, which the tables give in 1/64 source pixel, 0...(source_rows - 1) * 64 and likewise for columns.
//   out = (sum of the four weights * source + 2^11) >> 12. Keeps the source's scale and zero point.
typedef struct {
  const uint8_t *source, *grid;  // grid [rows][columns][2], x first
  uint8_t *out;
  ptrdiff_t source_pixel, grid_pixel, out_pixel;
  int32_t source_rows, source_columns, rows, columns, channels;
  const int32_t *xs, *ys;  // [256]
} rm_int8_sample_call;

// Product of two quantized matrices: out[r][n] = REQUANTIZE(sum over k of (a[r][k] - a_zero) * (b[k][n] - b_zero)).
// begin and end are groups of RM_INT8_MATMUL_ROWS rows, of which the last may be smaller.
#define RM_INT8_MATMUL_ROWS 32
typedef struct {
  const uint8_t *a, *b;
  uint8_t *out;
  ptrdiff_t a_row, b_row, out_row;  // bytes from a row to the next
  int32_t rows, depth, columns;
  int32_t a_zero, b_zero, out_zero, low, high;
  float multiplier;  // scales of a and b / output scale
} rm_int8_matmul_call;

// out = value, byte by byte. begin and end are bytes.
typedef struct {
  uint8_t *out;
  int32_t value;
} rm_int8_fill_call;

// out = clamp(round(in / scale) + zero, low, high), ties to even, NaN gives low; and out = scale * (in - zero).
// begin and end are elements.
typedef struct {
  const float *in;
  uint8_t *out;
  float scale;
  int32_t zero, low, high;
} rm_int8_quantize_call;
typedef struct {
  const uint8_t *in;
  float *out;
  float scale;
  int32_t zero;
} rm_int8_dequantize_call;

// ---- The table -------------------------------------------------------------------------------------------

// A slot: rm_int8_conv_slot and so on, a record for each row of slots_int8.inc.
#define RM_SLOT(slot, call, ...)                                           \
  typedef struct {                                                         \
    void (*function)(const call *, ptrdiff_t begin, ptrdiff_t end);        \
    rm_kernel_id id;                                                       \
  } rm_int8_##slot##_slot;
#include "slots_int8.inc"

// Everything for one level. Packed weights belong to the level that packed them.
typedef struct {
#define RM_SLOT(slot, ...) rm_int8_##slot##_slot slot;
#define RM_PACKING(slot, ...)                                                                          \
  size_t (*slot##_packed_bytes)(const rm_int8_conv_shape *);                                           \
  void (*slot##_pack)(const rm_int8_conv_shape *, const rm_int8_conv_weights *, void *packed);
#include "slots_int8.inc"
} rm_int8_kernels;

enum {
#define RM_SLOT(slot, ...) RM_INT8_SLOT_##slot,
#include "slots_int8.inc"
  RM_INT8_SLOTS
};

// The kernels of a usable level.
const rm_int8_kernels *rm_int8_table(rm_cpu_level level);

// Writes the table's slots in the order of the list, RM_INT8_SLOTS of them.
void rm_int8_slots(const rm_int8_kernels *table, rm_kernel_slot *slots);

// The record of the slot of that name; NULL where there is none.
const rm_kernel_id *rm_int8_kernel_id(const rm_int8_kernels *table, const char *slot);

// The kernel that does a convolution of a shape at a level, of which rows and columns of the maps do not matter: the
// one in the table may hand a shape on to that of a lower level. And why it is not of the level's own instruction set
// (NULL: it is). Static storage.
typedef struct {
  const rm_kernel_id *id;
  const char *why_not;
} rm_int8_choice;
rm_int8_choice rm_int8_conv_choice(rm_cpu_level level, const rm_int8_conv_shape *shape, int32_t depthwise);

#ifdef __cplusplus
}
#endif
