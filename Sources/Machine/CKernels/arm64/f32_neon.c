// SPDX-License-Identifier: Apache-2.0
// The kernels on floats for NEON.
#if defined(__aarch64__)

#define HALF 0
#include "float_neon.inc"

#include "../vector/float_all.inc"

RM_DEFINE_KERNEL(rm_f32_conv__neon, float_conv, conv_kernel)
RM_DEFINE_KERNEL(rm_f32_dwconv__neon, float_dwconv, dwconv_kernel)
RM_DEFINE_KERNEL(rm_f32_dwconv3x3__neon, float_dwconv3x3, dwconv3x3_kernel)
RM_DEFINE_KERNEL(rm_f32_add__neon, float_add, add_kernel)
RM_DEFINE_KERNEL(rm_f32_sub__neon, float_sub, sub_kernel)
RM_DEFINE_KERNEL(rm_f32_mul__neon, float_mul, mul_kernel)
RM_DEFINE_KERNEL(rm_f32_div__neon, float_div, div_kernel)
RM_DEFINE_KERNEL(rm_f32_clamp__neon, float_clamp, clamp_kernel)
RM_DEFINE_KERNEL(rm_f32_sigmoid__neon, float_sigmoid, sigmoid_kernel)
RM_DEFINE_KERNEL(rm_f32_hard_sigmoid__neon, float_hard_sigmoid, hard_sigmoid_kernel)
RM_DEFINE_KERNEL(rm_f32_hard_swish__neon, float_hard_swish, hard_swish_kernel)
RM_DEFINE_KERNEL(rm_f32_softmax__neon, float_softmax, softmax_kernel)
RM_DEFINE_KERNEL(rm_f32_average_pool__neon, float_average_pool, average_pool_kernel)
RM_DEFINE_KERNEL(rm_f32_max_pool__neon, float_max_pool, max_pool_kernel)
RM_DEFINE_KERNEL(rm_f32_global_average_pool__neon, float_global_average_pool, global_average_pool_kernel)
RM_DEFINE_KERNEL(rm_f32_resize__neon, float_resize, resize_kernel)
RM_DEFINE_KERNEL(rm_f32_gridsample__neon, float_gridsample, gridsample_kernel)
RM_DEFINE_KERNEL(rm_f32_warp__neon, float_warp, warp_kernel)
RM_DEFINE_KERNEL(rm_f32_local_attention__neon, float_local_attention, local_attention_kernel)
RM_DEFINE_KERNEL(rm_f32_global_attention__neon, float_global_attention, global_attention_kernel)
RM_DEFINE_KERNEL(rm_f32_to_float__neon, float_to_float, to_float_kernel)
RM_DEFINE_KERNEL(rm_f32_from_float__neon, float_from_float, from_float_kernel)
RM_DEFINE_FLOAT_PACKING(rm_f32_conv_packed_bytes__neon, rm_f32_conv_pack__neon)

#endif
