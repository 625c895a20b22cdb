// SPDX-License-Identifier: Apache-2.0
// Dense convolution as a product of tiles, shared by every instruction set.
//
// Output pixels are the rows of the product and output channels its columns. Nothing is copied: a tile reads
// its pixels through pointers to runs of contiguous bytes ("segments"), one for each kernel row where columns
// are adjacent in memory, else one for each tap; cells outside the map point to the pad. Output channels come
// in panels of 1...most_vectors vectors. A block of pixels stays in L1 while all panels pass over it.
//
// Packed: for each panel bias [vectors * lanes] s32, multiplier [vectors * lanes] f32, weights
// [groups][vectors] of one group of four terms for each lane: four bytes, or with `wide` two vectors of s16
// pairs (0, 2) and (1, 3). Terms run over kernel rows, kernel columns, input channels; the end of a kernel row
// (dilated: of a tap) is filled up to whole chunks of groups of four with zero weights.
#pragma once

#include "int8.h"

enum { RM_INT8_BLOCK = 48, RM_INT8_TILE_MAX = 12, RM_INT8_VECTORS_MAX = 4 };

typedef struct {
  const uint8_t *const *segments;  // [count][stride] pointers, the tile's pixels first
  ptrdiff_t stride;
  int32_t segment_count, groups;  // groups of four terms in a segment
  const void *weights;
  const int32_t *bias;
  const float *multiplier;
  uint8_t *out;             // the tile's first pixel, the panel's first channel
  const uint8_t *residual;  // likewise, or NULL
  int32_t pixels;           // to store; the tile computes its full height
  int32_t channels;         // to store
  const rm_int8_conv_call *call;
} rm_int8_tile;

typedef struct {
  int32_t lanes, most_vectors;
  int32_t chunk;    // the most groups that one instruction takes, up to 16
  int32_t wide;     // weights as s16 pairs
  int32_t centred;  // the tile subtracts 128 from activations
  // By vectors in the panel.
  int32_t pixels[RM_INT8_VECTORS_MAX + 1];
  void (*run[RM_INT8_VECTORS_MAX + 1])(const rm_int8_tile *);
} rm_int8_tiles;

// How terms are cut when weights are packed: `runs` runs of `length` bytes, each of `chunks` chunks of equally many
// groups, which reach less than RM_INT8_OVERREAD behind the run's end.
typedef struct {
  int32_t runs, length, chunks, groups;  // groups: of all chunks of a run
} rm_int8_cut;

rm_int8_cut rm_int8_tiles_cut(const rm_int8_tiles *, const rm_int8_conv_shape *);

// A walk over packed panels.
typedef struct {
  int32_t index, first, vectors;  // the panel, its first channel, its vectors; index -1: before the first one
  int32_t all_vectors, count;     // of all panels; panels
  const uint8_t *next;            // packed
  int32_t groups;                 // of all terms
} rm_int8_panel;

rm_int8_panel rm_int8_tiles_before(const rm_int8_tiles *, const rm_int8_conv_call *);

// Goes to the next panel, and fills in what belongs to it: weights, bias, multiplier, channels. 0 behind the last.
int rm_int8_tiles_next(const rm_int8_tiles *, rm_int8_panel *, rm_int8_tile *);

// How many panels a shape has.
int32_t rm_int8_tiles_panels(const rm_int8_tiles *, const rm_int8_conv_shape *);

size_t rm_int8_tiles_packed_bytes(const rm_int8_tiles *, const rm_int8_conv_shape *);
void rm_int8_tiles_pack(const rm_int8_tiles *, const rm_int8_conv_shape *, const rm_int8_conv_weights *, void *);
void rm_int8_tiles_run(const rm_int8_tiles *, const rm_int8_conv_call *, ptrdiff_t row_begin, ptrdiff_t row_end);
