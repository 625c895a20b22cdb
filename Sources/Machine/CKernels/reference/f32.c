// SPDX-License-Identifier: Apache-2.0
// The scalar kernels on floats: what rm_float.h means.
#include "float.h"

#define HALF 0
#define TARGET

typedef float element;
static inline float get(element x) { return x; }
static inline element put(float x) { return x; }

#include "float_scalar.inc"

RM_DEFINE_KERNEL(rm_f32_conv__scalar, float_conv, conv_kernel)
RM_DEFINE_KERNEL(rm_f32_dwconv__scalar, float_dwconv, dwconv_kernel)
RM_DEFINE_KERNEL(rm_f32_dwconv3x3__scalar, float_dwconv3x3, dwconv3x3_kernel)
RM_DEFINE_KERNEL(rm_f32_add__scalar, float_add, add_kernel)
RM_DEFINE_KERNEL(rm_f32_sub__scalar, float_sub, sub_kernel)
RM_DEFINE_KERNEL(rm_f32_mul__scalar, float_mul, mul_kernel)
RM_DEFINE_KERNEL(rm_f32_div__scalar, float_div, div_kernel)
RM_DEFINE_KERNEL(rm_f32_clamp__scalar, float_clamp, clamp_kernel)
RM_DEFINE_KERNEL(rm_f32_sigmoid__scalar, float_sigmoid, sigmoid_kernel)
RM_DEFINE_KERNEL(rm_f32_hard_sigmoid__scalar, float_hard_sigmoid, hard_sigmoid_kernel)
RM_DEFINE_KERNEL(rm_f32_hard_swish__scalar, float_hard_swish, hard_swish_kernel)
RM_DEFINE_KERNEL(rm_f32_softmax__scalar, float_softmax, softmax_kernel)
RM_DEFINE_KERNEL(rm_f32_average_pool__scalar, float_average_pool, average_pool_kernel)
RM_DEFINE_KERNEL(rm_f32_max_pool__scalar, float_max_pool, max_pool_kernel)
RM_DEFINE_KERNEL(rm_f32_global_average_pool__scalar, float_global_average_pool, global_average_pool_kernel)
RM_DEFINE_KERNEL(rm_f32_reduce__scalar, float_reduce, reduce_kernel)
RM_DEFINE_KERNEL(rm_f32_arg_max__scalar, float_arg_max, arg_max_kernel)
RM_DEFINE_KERNEL(rm_f32_fill__scalar, float_fill, fill_kernel)
RM_DEFINE_KERNEL(rm_f32_resize__scalar, float_resize, resize_kernel)
RM_DEFINE_KERNEL(rm_f32_gridsample__scalar, float_gridsample, gridsample_kernel)
RM_DEFINE_KERNEL(rm_f32_warp__scalar, float_warp, warp_kernel)
RM_DEFINE_KERNEL(rm_f32_local_attention__scalar, float_local_attention, local_attention_kernel)
RM_DEFINE_KERNEL(rm_f32_global_attention__scalar, float_global_attention, global_attention_kernel)
RM_DEFINE_KERNEL(rm_f32_matmul__scalar, float_matmul, matmul_kernel)
RM_DEFINE_KERNEL(rm_f32_quantize__scalar, float_quantize, quantize_kernel)
RM_DEFINE_KERNEL(rm_f32_dequantize__scalar, float_dequantize, dequantize_kernel)
RM_DEFINE_KERNEL(rm_f32_to_float__scalar, float_to_float, to_float_kernel)
RM_DEFINE_KERNEL(rm_f32_from_float__scalar, float_from_float, from_float_kernel)
