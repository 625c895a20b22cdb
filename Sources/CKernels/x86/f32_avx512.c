// SPDX-License-Identifier: Apache-2.0
// The f32 kernels for AVX-512 F, BW, DQ and VL.
#if defined(__x86_64__)

#include "f32_vector_avx512.h"

#include "f32_attention.h"
#include "f32_conv.h"
#include "f32_dwconv.h"
#include "f32_elementwise.h"
#include "f32_maps.h"

#include "../reference/f32_table.h"

const rm_f32_table rm_f32_table__avx512 = {
    .conv = rm_f32_conv__avx512,
    .conv_panel = WIDTH,
    .dwconv = rm_f32_dwconv__scalar,
    .dwconv3x3 = rm_f32_dwconv3x3__avx512,
    .add = rm_f32_add__avx512,
    .sub = rm_f32_sub__avx512,
    .mul = rm_f32_mul__avx512,
    .div = rm_f32_div__avx512,
    .clamp = rm_f32_clamp__avx512,
    .sigmoid = rm_f32_sigmoid__avx512,
    .hard_sigmoid = rm_f32_hard_sigmoid__avx512,
    .hard_swish = rm_f32_hard_swish__avx512,
    .softmax = rm_f32_softmax__avx512,
    .average_pool = rm_f32_average_pool__avx512,
    .max_pool = rm_f32_max_pool__avx512,
    .global_average_pool = rm_f32_global_average_pool__scalar,
    .reduce = rm_f32_reduce__scalar,
    .arg_max = rm_f32_arg_max__scalar,
    .copy = rm_copy__scalar,
    .fill = rm_f32_fill__scalar,
    .resize = rm_f32_resize__avx512,
    .gridsample = rm_f32_gridsample__scalar,
    .warp = rm_f32_warp__avx512,
    .local_attention = rm_f32_local_attention__avx512,
    .global_attention = rm_f32_global_attention__avx512,
    .matmul = rm_f32_matmul__scalar,
    .quantize = rm_f32_quantize__scalar,
    .dequantize = rm_f32_dequantize__scalar,
};

#endif
