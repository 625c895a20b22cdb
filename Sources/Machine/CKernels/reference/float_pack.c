// SPDX-License-Identifier: Apache-2.0
#include "half.h"
#include "float.h"

size_t rm_float_panels_count(const rm_float_conv *c, int panel, int terms) {
  const int out_group = c->out_channels / c->groups, in_group = c->in_channels / c->groups;
  const size_t panels = (size_t)((out_group + panel - 1) / panel), cells = (size_t)((in_group + terms - 1) / terms);
  return (size_t)c->groups * panels * (size_t)(c->kernel_rows * c->kernel_columns) * cells * (size_t)(panel * terms);
}

static void store(float x, rm_float_packing packing, void *packed, size_t at) {
  if (packing == RM_PACK_FLOATS)
    ((float *)packed)[at] = x;
  else if (packing == RM_PACK_HALVES)
    rm_float_to_halves(&x, (uint16_t *)packed + at, 1);
  else
    rm_float_to_bf16(&x, (uint16_t *)packed + at, 1);
}

void rm_float_panels_pack(const rm_float_conv *c, int panel, int terms, rm_float_packing packing, const float *weights,
                         void *packed) {
  size_t at = 0;
  const int out_group = c->out_channels / c->groups, in_group = c->in_channels / c->groups;
  const int taps = c->kernel_rows * c->kernel_columns;
  for (int group = 0; group < c->groups; group++) {
    for (int first = 0; first < out_group; first += panel) {
      for (int tap = 0; tap < taps; tap++) {
        for (int k = 0; k < in_group; k += terms) {
          for (int j = 0; j < panel; j++) {
            const float *row = weights + (((ptrdiff_t)group * out_group + first + j) * taps + tap) * in_group;
            for (int t = 0; t < terms; t++)
              store(first + j < out_group && k + t < in_group ? row[k + t] : 0, packing, packed, at++);
          }
        }
      }
    }
  }
}

void rm_float_dwconv_pack(int channels, int taps, const float *weights, float *packed) {
  for (int tap = 0; tap < taps; tap++)
    for (int channel = 0; channel < channels; channel++)
      packed[(ptrdiff_t)tap * channels + channel] = weights[(ptrdiff_t)channel * taps + tap];
}

void rm_float_to_halves(const float *input, uint16_t *output, size_t count) {
  for (size_t i = 0; i < count; i++) output[i] = rm_to_half(input[i]);
}

void rm_float_from_halves(const uint16_t *input, float *output, size_t count) {
  for (size_t i = 0; i < count; i++) output[i] = rm_from_half(input[i]);
}

void rm_float_to_bf16(const float *input, uint16_t *output, size_t count) {
  for (size_t i = 0; i < count; i++) {
    uint32_t bits;
    memcpy(&bits, input + i, sizeof bits);
    const int is_nan = (bits & 0x7fffffff) > 0x7f800000;
    output[i] = (uint16_t)((is_nan ? bits | 0x400000 : bits + 0x7fff + (bits >> 16 & 1)) >> 16);
  }
}

// What a packed kernel widens at most for `pixels` outputs: for each row of the window, the columns that it covers
// along each of `pieces` of rows of outputs. Channels are counted in pairs.
static ptrdiff_t staged(const rm_float_conv *c, int pixels, int pieces) {
  const ptrdiff_t columns = (ptrdiff_t)pixels * c->stride_columns +
                            (ptrdiff_t)pieces * ((c->kernel_columns - 1) * c->dilation_columns + 1);
  return columns * c->kernel_rows * ((c->in_channels / c->groups + 1) / 2 * 2);
}

static int least(int a, int b) { return a < b ? a : b; }

int rm_float_conv_chunk(const rm_float_conv *c) {
  int pixels = RM_FLOAT_CONV_TILE;
  while (pixels > 1 && staged(c, pixels, least(pixels, (pixels - 1) / c->out_columns + 2)) > RM_FLOAT_CONV_STAGE)
    pixels /= 2;
  return pixels;
}

int rm_float_conv_fits(const rm_float_conv *c) {
  return c->kernel_rows * c->kernel_columns <= RM_FLOAT_CONV_TAPS &&
         c->in_channels / c->groups <= RM_FLOAT_CONV_DEPTH &&
         staged(c, 1, 1) <= RM_FLOAT_CONV_STAGE;
}
