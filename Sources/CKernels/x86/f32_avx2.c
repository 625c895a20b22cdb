// SPDX-License-Identifier: Apache-2.0
// The f32 kernels for AVX2, FMA and F16C.
#if defined(__x86_64__)

#include "f32_vector_avx2.h"

#include "f32_attention.h"
#include "f32_conv.h"
#include "f32_dwconv.h"
#include "f32_elementwise.h"
#include "f32_maps.h"

#include "../reference/f32_table.h"

const rm_f32_table rm_f32_table__avx2 = {
    .conv = rm_f32_conv__avx2,
    .conv_panel = WIDTH,
    .dwconv = rm_f32_dwconv__scalar,
    .dwconv3x3 = rm_f32_dwconv3x3__avx2,
    .add = rm_f32_add__avx2,
    .sub = rm_f32_sub__avx2,
    .mul = rm_f32_mul__avx2,
    .div = rm_f32_div__avx2,
    .clamp = rm_f32_clamp__avx2,
    .sigmoid = rm_f32_sigmoid__avx2,
    .hard_sigmoid = rm_f32_hard_sigmoid__avx2,
    .hard_swish = rm_f32_hard_swish__avx2,
    .softmax = rm_f32_softmax__avx2,
    .average_pool = rm_f32_average_pool__avx2,
    .max_pool = rm_f32_max_pool__avx2,
    .global_average_pool = rm_f32_global_average_pool__scalar,
    .reduce = rm_f32_reduce__scalar,
    .arg_max = rm_f32_arg_max__scalar,
    .copy = rm_copy__scalar,
    .fill = rm_f32_fill__scalar,
    .resize = rm_f32_resize__avx2,
    .gridsample = rm_f32_gridsample__scalar,
    .warp = rm_f32_warp__avx2,
    .local_attention = rm_f32_local_attention__avx2,
    .global_attention = rm_f32_global_attention__avx2,
    .matmul = rm_f32_matmul__scalar,
    .quantize = rm_f32_quantize__scalar,
    .dequantize = rm_f32_dequantize__scalar,
};

#endif
