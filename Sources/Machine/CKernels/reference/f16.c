// SPDX-License-Identifier: Apache-2.0
// The scalar kernels on halves: what rm_float.h means.
#include "float.h"
#include "half.h"

#define HALF 1
#define TARGET

typedef uint16_t element;
static inline float get(element x) { return rm_from_half(x); }
static inline element put(float x) { return rm_to_half(x); }

#include "float_scalar.inc"

RM_DEFINE_KERNEL(rm_f16_conv__scalar, float_conv, conv_kernel)
RM_DEFINE_KERNEL(rm_f16_dwconv__scalar, float_dwconv, dwconv_kernel)
RM_DEFINE_KERNEL(rm_f16_dwconv3x3__scalar, float_dwconv3x3, dwconv3x3_kernel)
RM_DEFINE_KERNEL(rm_f16_add__scalar, float_add, add_kernel)
RM_DEFINE_KERNEL(rm_f16_sub__scalar, float_sub, sub_kernel)
RM_DEFINE_KERNEL(rm_f16_mul__scalar, float_mul, mul_kernel)
RM_DEFINE_KERNEL(rm_f16_div__scalar, float_div, div_kernel)
RM_DEFINE_KERNEL(rm_f16_clamp__scalar, float_clamp, clamp_kernel)
RM_DEFINE_KERNEL(rm_f16_sigmoid__scalar, float_sigmoid, sigmoid_kernel)
RM_DEFINE_KERNEL(rm_f16_hard_sigmoid__scalar, float_hard_sigmoid, hard_sigmoid_kernel)
RM_DEFINE_KERNEL(rm_f16_hard_swish__scalar, float_hard_swish, hard_swish_kernel)
RM_DEFINE_KERNEL(rm_f16_softmax__scalar, float_softmax, softmax_kernel)
RM_DEFINE_KERNEL(rm_f16_average_pool__scalar, float_average_pool, average_pool_kernel)
RM_DEFINE_KERNEL(rm_f16_max_pool__scalar, float_max_pool, max_pool_kernel)
RM_DEFINE_KERNEL(rm_f16_global_average_pool__scalar, float_global_average_pool, global_average_pool_kernel)
RM_DEFINE_KERNEL(rm_f16_reduce__scalar, float_reduce, reduce_kernel)
RM_DEFINE_KERNEL(rm_f16_arg_max__scalar, float_arg_max, arg_max_kernel)
RM_DEFINE_KERNEL(rm_f16_fill__scalar, float_fill, fill_kernel)
RM_DEFINE_KERNEL(rm_f16_resize__scalar, float_resize, resize_kernel)
RM_DEFINE_KERNEL(rm_f16_gridsample__scalar, float_gridsample, gridsample_kernel)
RM_DEFINE_KERNEL(rm_f16_warp__scalar, float_warp, warp_kernel)
RM_DEFINE_KERNEL(rm_f16_local_attention__scalar, float_local_attention, local_attention_kernel)
RM_DEFINE_KERNEL(rm_f16_matmul__scalar, float_matmul, matmul_kernel)
RM_DEFINE_KERNEL(rm_f16_quantize__scalar, float_quantize, quantize_kernel)
RM_DEFINE_KERNEL(rm_f16_dequantize__scalar, float_dequantize, dequantize_kernel)
RM_DEFINE_KERNEL(rm_f16_to_float__scalar, float_to_float, to_float_kernel)
RM_DEFINE_KERNEL(rm_f16_from_float__scalar, float_from_float, from_float_kernel)
