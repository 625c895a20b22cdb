// SPDX-License-Identifier: Apache-2.0
#include "half.h"
#include "rm_real.h"

size_t rm_real_conv_packed_count(const rm_real_conv *c, int panel) {
  const size_t out_group = (size_t)(c->out_channels / c->groups), in_group = (size_t)(c->in_channels / c->groups);
  const size_t panels = (out_group + (size_t)panel - 1) / (size_t)panel;
  return (size_t)c->groups * panels * (size_t)(c->kernel_rows * c->kernel_columns) * in_group * (size_t)panel;
}

void rm_real_conv_pack(const rm_real_conv *c, int panel, const float *weights, float *packed) {
  const int out_group = c->out_channels / c->groups, in_group = c->in_channels / c->groups;
  const int depth = c->kernel_rows * c->kernel_columns * in_group;
  for (int group = 0; group < c->groups; group++) {
    for (int first = 0; first < out_group; first += panel) {
      for (int k = 0; k < depth; k++) {
        for (int j = 0; j < panel; j++) {
          const ptrdiff_t channel = (ptrdiff_t)group * out_group + first + j;
          *packed++ = first + j < out_group ? weights[channel * depth + k] : 0;
        }
      }
    }
  }
}

void rm_real_dwconv_pack(int channels, int taps, const float *weights, float *packed) {
  for (int tap = 0; tap < taps; tap++)
    for (int channel = 0; channel < channels; channel++)
      packed[(ptrdiff_t)tap * channels + channel] = weights[(ptrdiff_t)channel * taps + tap];
}

void rm_real_to_halves(const float *input, uint16_t *output, size_t count) {
  for (size_t i = 0; i < count; i++) output[i] = rm_to_half(input[i]);
}

void rm_real_from_halves(const uint16_t *input, float *output, size_t count) {
  for (size_t i = 0; i < count; i++) output[i] = rm_from_half(input[i]);
}

// What a packed kernel widens for `pixels` outputs: for each row of the window, the columns that it covers along
// each piece of a row of outputs.
static ptrdiff_t staged(const rm_real_conv *c, int pixels) {
  const int pieces = (pixels - 1) / c->out_columns + 2;
  const ptrdiff_t columns = (ptrdiff_t)pixels * c->stride_columns +
                            (ptrdiff_t)pieces * ((c->kernel_columns - 1) * c->dilation_columns + 1);
  return columns * c->kernel_rows * (c->in_channels / c->groups);
}

int rm_real_conv_chunk(const rm_real_conv *c) {
  int pixels = RM_REAL_CONV_TILE;
  while (pixels > 12 && staged(c, pixels) > RM_REAL_CONV_STAGE) pixels /= 2;
  return pixels;
}

int rm_real_conv_fits(const rm_real_conv *c) {
  return c->kernel_rows * c->kernel_columns <= RM_REAL_CONV_TAPS && c->in_channels / c->groups <= RM_REAL_CONV_DEPTH &&
         staged(c, 12) <= RM_REAL_CONV_STAGE;
}
