// SPDX-License-Identifier: Apache-2.0
// Depthwise convolution, any window. Included once for each vector length and instruction set, which defines ISA,
// BYTES (channels in a block), WEIGHT_VECTORS, NAME(x), and the vec type with its operations.
//
// Each input column of a block of channels is turned once: four kernel rows at a time are interleaved so that
// a lane holds the four bytes of one channel, ready for a dot product of four terms (rows missing from the last
// group are zero, as are their weights). Turned columns go to a buffer in L1 that a run of output pixels then
// reads kernel_columns times. Interleaving by unpacks inside 128 bits leaves lanes in an order that the packs
// at the end undo, so weights, bias and multiplier are packed in that order and no permutation is left.
//
// Packed: for each block bias [BYTES], multiplier [BYTES], weights [kernel_columns][row groups][4 vectors].
#include "../int8.h"

enum { NAME(BUFFER) = 32768 };

static int32_t NAME(row_groups)(const rm_int8_conv_shape *s) { return rm_int8_groups(s->kernel_rows); }

static size_t NAME(block_bytes)(const rm_int8_conv_shape *s) {
  const size_t groups = (size_t)(s->kernel_columns * NAME(row_groups)(s));
  return 8 * BYTES + groups * 4 * WEIGHT_VECTORS * BYTES;
}

// `first`: the block's first channel.
static void NAME(pack_block)(const rm_int8_conv_shape *s, const rm_int8_conv_weights *from, int32_t first,
                             uint8_t *packed) {
  int32_t *bias = (int32_t *)packed;
  float *multiplier = (float *)(bias + BYTES);
  uint8_t *weights = (uint8_t *)(multiplier + BYTES);
  const int32_t groups = NAME(row_groups)(s);
  memset(packed, 0, NAME(block_bytes)(s));
  for (int32_t i = 0; i < BYTES; i++) {
    const int32_t vector = i / (BYTES / 4), lane = i % (BYTES / 4);
    const int32_t channel = first + 16 * (lane / 4) + 4 * vector + lane % 4;
    if (channel >= s->out_channels) continue;
    const int8_t *w = from->weights + (ptrdiff_t)channel * s->kernel_rows * s->kernel_columns;
    uint32_t sum = from->bias ? (uint32_t)from->bias[channel] : 0;
    for (int32_t ky = 0; ky < s->kernel_rows; ky++) {
      for (int32_t kx = 0; kx < s->kernel_columns; kx++) {
        const int8_t value = w[ky * s->kernel_columns + kx];
        const int16_t wide = value;
        const int32_t at = (kx * groups + ky / 4) * 4 + vector, k = ky % 4;
        sum -= (uint32_t)(from->in_zero * value);
        if (WEIGHT_VECTORS == 1)
          memcpy(weights + at * BYTES + 4 * lane + k, &value, 1);
        else
          memcpy(weights + (2 * at + (k & 1)) * BYTES + 4 * lane + (k >> 1) * 2, &wide, 2);
      }
    }
    bias[i] = (int32_t)sum;
    multiplier[i] = from->multiplier[channel];
  }
}

INLINE ISA void NAME(turn)(const uint8_t *const rows[16], ptrdiff_t offset, const int32_t kernel_rows, uint8_t *out) {
  for (int32_t ky = 0; ky < kernel_rows; ky += 4, out += 4 * BYTES) {
    const vec a = v_load(rows[ky] + offset);
    const vec b = ky + 1 < kernel_rows ? v_load(rows[ky + 1] + offset) : v_none();
    const vec c = ky + 2 < kernel_rows ? v_load(rows[ky + 2] + offset) : v_none();
    const vec d = ky + 3 < kernel_rows ? v_load(rows[ky + 3] + offset) : v_none();
    const vec ab_low = v_low8(a, b), ab_high = v_high8(a, b), cd_low = v_low8(c, d), cd_high = v_high8(c, d);
    v_store(out, v_low16(ab_low, cd_low));
    v_store(out + BYTES, v_high16(ab_low, cd_low));
    v_store(out + 2 * BYTES, v_low16(ab_high, cd_high));
    v_store(out + 3 * BYTES, v_high16(ab_high, cd_high));
  }
}

// One output row of one block; `channels` of the block exist.
INLINE ISA void NAME(row)(const rm_int8_conv_call *call, int32_t row, int32_t first, int32_t channels,
                          const uint8_t *packed, const int32_t kernel_rows, const int32_t kernel_columns) {
  const rm_int8_conv_shape *s = &call->shape;
  const int32_t groups = (kernel_rows + 3) / 4, column_bytes = groups * 4 * BYTES;
  const int32_t reach = (kernel_columns - 1) * s->dilation_columns + 1;
  const int32_t half = NAME(BUFFER) / 2 / column_bytes, columns = half > reach ? half : reach;
  const int32_t run = (columns - reach) / s->stride_columns + 1;
  uint8_t buffer[NAME(BUFFER)] __attribute__((aligned(64)));

  const uint8_t *rows[16];
  const uint8_t *pads[16];
  int32_t left_out[16];
  int32_t any = 0;
  for (int32_t ky = 0; ky < kernel_rows; ky++) {
    const int32_t y = row * s->stride_rows - s->pad_top + ky * s->dilation_rows;
    left_out[ky] = y < 0 || y >= s->in_rows;
    any |= left_out[ky];
    pads[ky] = call->pad;
    rows[ky] = call->in + (left_out[ky] ? 0 : (ptrdiff_t)y * s->in_columns) * call->in_pixel + first;
  }
  const int32_t *bias = (const int32_t *)packed;
  const float *multiplier = (const float *)(bias + BYTES);
  const uint8_t *weights = (const uint8_t *)(multiplier + BYTES);
  const v_rule rule = v_make_rule(call->out_zero, call->low, call->high, multiplier);

  for (int32_t begin = 0; begin < s->out_columns; begin += run) {
    const int32_t count = s->out_columns - begin < run ? s->out_columns - begin : run;
    const int32_t x0 = begin * s->stride_columns - s->pad_left;
    const int32_t turned = (count - 1) * s->stride_columns + reach;
    for (int32_t i = 0; i < turned; i++) {
      const int32_t x = x0 + i;
      uint8_t *to = buffer + (ptrdiff_t)i * column_bytes;
      if (x < 0 || x >= s->in_columns) {
        NAME(turn)(pads, 0, kernel_rows, to);
      } else if (any) {
        const uint8_t *mixed[16];
        for (int32_t ky = 0; ky < kernel_rows; ky++)
          mixed[ky] = left_out[ky] ? call->pad : rows[ky] + (ptrdiff_t)x * call->in_pixel;
        NAME(turn)(mixed, 0, kernel_rows, to);
      } else {
        NAME(turn)(rows, (ptrdiff_t)x * call->in_pixel, kernel_rows, to);
      }
    }
    uint8_t *out = call->out + ((ptrdiff_t)row * s->out_columns + begin) * call->out_pixel + first;
    const ptrdiff_t tap_bytes = (ptrdiff_t)s->dilation_columns * column_bytes;
    for (int32_t i = 0; i < count; i++, out += call->out_pixel) {
      const uint8_t *column = buffer + (ptrdiff_t)i * s->stride_columns * column_bytes;
      vec sum[4];
      vec_f m[4];
      RM_INT8_UNROLL
      for (int v = 0; v < 4; v++) sum[v] = v_load((const uint8_t *)bias + v * BYTES);
      const uint8_t *w = weights;
      for (int32_t kx = 0; kx < kernel_columns; kx++, column += tap_bytes) {
        for (int32_t g = 0; g < groups; g++) {
          RM_INT8_UNROLL
          for (int v = 0; v < 4; v++, w += WEIGHT_VECTORS * BYTES)
            sum[v] = v_dot(sum[v], v_load(column + (4 * g + v) * BYTES), w);
        }
      }
      RM_INT8_UNROLL
      for (int v = 0; v < 4; v++) m[v] = v_load_f(multiplier + v * (BYTES / 4));
      v_put(out, v_requantize(sum, m, &rule), channels);
    }
  }
}

// Windows of 3x3 and 5x5 are unrolled.
static ISA void NAME(block_row)(const rm_int8_conv_call *call, int32_t row, int32_t first, int32_t channels,
                                const uint8_t *packed) {
  const int32_t kernel_rows = call->shape.kernel_rows, kernel_columns = call->shape.kernel_columns;
  if (kernel_rows == 3 && kernel_columns == 3)
    NAME(row)(call, row, first, channels, packed, 3, 3);
  else if (kernel_rows == 5 && kernel_columns == 5)
    NAME(row)(call, row, first, channels, packed, 5, 5);
  else
    NAME(row)(call, row, first, channels, packed, kernel_rows, kernel_columns);
}
