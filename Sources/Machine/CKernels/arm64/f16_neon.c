// SPDX-License-Identifier: Apache-2.0
// The kernels on halves for NEON.
#if defined(__aarch64__)

#define HALF 1
#include "float_neon.inc"

#include "../vector/float_all.inc"

RM_DEFINE_KERNEL(rm_f16_conv__neon, float_conv, conv_kernel)
RM_DEFINE_KERNEL(rm_f16_dwconv__neon, float_dwconv, dwconv_kernel)
RM_DEFINE_KERNEL(rm_f16_dwconv3x3__neon, float_dwconv3x3, dwconv3x3_kernel)
RM_DEFINE_KERNEL(rm_f16_add__neon, float_add, add_kernel)
RM_DEFINE_KERNEL(rm_f16_sub__neon, float_sub, sub_kernel)
RM_DEFINE_KERNEL(rm_f16_mul__neon, float_mul, mul_kernel)
RM_DEFINE_KERNEL(rm_f16_div__neon, float_div, div_kernel)
RM_DEFINE_KERNEL(rm_f16_clamp__neon, float_clamp, clamp_kernel)
RM_DEFINE_KERNEL(rm_f16_sigmoid__neon, float_sigmoid, sigmoid_kernel)
RM_DEFINE_KERNEL(rm_f16_hard_sigmoid__neon, float_hard_sigmoid, hard_sigmoid_kernel)
RM_DEFINE_KERNEL(rm_f16_hard_swish__neon, float_hard_swish, hard_swish_kernel)
RM_DEFINE_KERNEL(rm_f16_softmax__neon, float_softmax, softmax_kernel)
RM_DEFINE_KERNEL(rm_f16_average_pool__neon, float_average_pool, average_pool_kernel)
RM_DEFINE_KERNEL(rm_f16_max_pool__neon, float_max_pool, max_pool_kernel)
RM_DEFINE_KERNEL(rm_f16_global_average_pool__neon, float_global_average_pool, global_average_pool_kernel)
RM_DEFINE_KERNEL(rm_f16_resize__neon, float_resize, resize_kernel)
RM_DEFINE_KERNEL(rm_f16_gridsample__neon, float_gridsample, gridsample_kernel)
RM_DEFINE_KERNEL(rm_f16_warp__neon, float_warp, warp_kernel)
RM_DEFINE_KERNEL(rm_f16_local_attention__neon, float_local_attention, local_attention_kernel)
RM_DEFINE_KERNEL(rm_f16_to_float__neon, float_to_float, to_float_kernel)
RM_DEFINE_KERNEL(rm_f16_from_float__neon, float_from_float, from_float_kernel)
RM_DEFINE_FLOAT_PACKING(rm_f16_conv_packed_bytes__neon, rm_f16_conv_pack__neon)

#endif
