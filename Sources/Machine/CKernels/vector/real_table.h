// SPDX-License-Identifier: Apache-2.0
// All shared kernels for the vector vocabulary included before, and their table. With NATIVE, CURVES names the
// kernels that are not computed in halves.
#pragma once

#include "real_attention.h"
#include "real_conv.h"
#include "real_dwconv.h"
#include "real_elementwise.h"
#include "real_maps.h"

#ifndef CURVES
#define CURVES NAME
#define CURVES_LEVEL LEVEL
#endif

#if HALF
#define GLOBAL_ATTENTION NULL
#else
#define GLOBAL_ATTENTION NAME(global_attention)
#endif

// A table whose dense convolutions are those given.
#define TABLE(CONV, PACKED_BYTES, PACK, ROUNDS, CONV_LEVEL)                                                           \
  {                                                                                                                   \
    .conv = CONV, .conv_packed_bytes = PACKED_BYTES, .conv_pack = PACK, .conv_rounds = ROUNDS, .dwconv = NAME(dwconv),\
    .dwconv3x3 = NAME(dwconv3x3), .add = NAME(add), .sub = NAME(sub), .mul = NAME(mul), .div = NAME(div),             \
    .clamp = NAME(clamp), .sigmoid = CURVES(sigmoid), .hard_sigmoid = NAME(hard_sigmoid),                             \
    .hard_swish = NAME(hard_swish), .softmax = CURVES(softmax), .average_pool = CURVES(average_pool),                 \
    .max_pool = NAME(max_pool), .global_average_pool = CURVES(global_average_pool), .reduce = SCALAR(reduce),         \
    .arg_max = SCALAR(arg_max), .copy = rm_copy__scalar, .fill = SCALAR(fill), .resize = NAME(resize),                \
    .gridsample = NAME(gridsample), .warp = NAME(warp), .local_attention = CURVES(local_attention),                   \
    .global_attention = GLOBAL_ATTENTION, .matmul = SCALAR(matmul), .quantize = SCALAR(quantize),                     \
    .dequantize = SCALAR(dequantize), .to_float = CURVES(to_float), .from_float = CURVES(from_float),                 \
    .storage = STORAGE, .name = LEVEL, .conv_name = CONV_LEVEL, .curve_name = CURVES_LEVEL,                           \
  }

const rm_real_table NAME(table) = TABLE(NAME(conv), NAME(conv_packed_bytes), NAME(conv_pack), TERMS == 2, LEVEL);
