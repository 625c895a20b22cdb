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

const rm_real_table NAME(table) = {
    .conv = NAME(conv),
    .conv_panel = WIDTH,
    .conv_terms = TERMS,
    .dwconv = SCALAR(dwconv),
    .dwconv3x3 = NAME(dwconv3x3),
    .add = NAME(add),
    .sub = NAME(sub),
    .mul = NAME(mul),
    .div = NAME(div),
    .clamp = NAME(clamp),
    .sigmoid = CURVES(sigmoid),
    .hard_sigmoid = NAME(hard_sigmoid),
    .hard_swish = NAME(hard_swish),
    .softmax = CURVES(softmax),
    .average_pool = NAME(average_pool),
    .max_pool = NAME(max_pool),
    .global_average_pool = SCALAR(global_average_pool),
    .reduce = SCALAR(reduce),
    .arg_max = SCALAR(arg_max),
    .copy = rm_copy__scalar,
    .fill = SCALAR(fill),
    .resize = NAME(resize),
    .gridsample = SCALAR(gridsample),
    .warp = NAME(warp),
    .local_attention = CURVES(local_attention),
#if !HALF
    .global_attention = NAME(global_attention),
#endif
    .matmul = SCALAR(matmul),
    .quantize = SCALAR(quantize),
    .dequantize = SCALAR(dequantize),
    .to_float = CURVES(to_float),
    .from_float = CURVES(from_float),
    .storage = STORAGE,
    .name = LEVEL,
    .curve_name = CURVES_LEVEL,
};
