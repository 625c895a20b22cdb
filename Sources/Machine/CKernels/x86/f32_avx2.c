// SPDX-License-Identifier: Apache-2.0
// The kernels on floats for AVX2 and FMA.
#if defined(__x86_64__)

#define HALF 0
#include "float_avx2.inc"

#include "../vector/float_all.inc"

RM_DEFINE_KERNEL(rm_f32_conv__avx2, float_conv, conv_kernel)
RM_DEFINE_KERNEL(rm_f32_dwconv__avx2, float_dwconv, dwconv_kernel)
RM_DEFINE_KERNEL(rm_f32_dwconv3x3__avx2, float_dwconv3x3, dwconv3x3_kernel)
RM_DEFINE_KERNEL(rm_f32_add__avx2, float_add, add_kernel)
RM_DEFINE_KERNEL(rm_f32_sub__avx2, float_sub, sub_kernel)
RM_DEFINE_KERNEL(rm_f32_mul__avx2, float_mul, mul_kernel)
RM_DEFINE_KERNEL(rm_f32_div__avx2, float_div, div_kernel)
RM_DEFINE_KERNEL(rm_f32_clamp__avx2, float_clamp, clamp_kernel)
RM_DEFINE_KERNEL(rm_f32_sigmoid__avx2, float_sigmoid, sigmoid_kernel)
RM_DEFINE_KERNEL(rm_f32_hard_sigmoid__avx2, float_hard_sigmoid, hard_sigmoid_kernel)
RM_DEFINE_KERNEL(rm_f32_hard_swish__avx2, float_hard_swish, hard_swish_kernel)
RM_DEFINE_KERNEL(rm_f32_softmax__avx2, float_softmax, softmax_kernel)
RM_DEFINE_KERNEL(rm_f32_average_pool__avx2, float_average_pool, average_pool_kernel)
RM_DEFINE_KERNEL(rm_f32_max_pool__avx2, float_max_pool, max_pool_kernel)
RM_DEFINE_KERNEL(rm_f32_global_average_pool__avx2, float_global_average_pool, global_average_pool_kernel)
RM_DEFINE_KERNEL(rm_f32_resize__avx2, float_resize, resize_kernel)
RM_DEFINE_KERNEL(rm_f32_gridsample__avx2, float_gridsample, gridsample_kernel)
RM_DEFINE_KERNEL(rm_f32_warp__avx2, float_warp, warp_kernel)
RM_DEFINE_KERNEL(rm_f32_local_attention__avx2, float_local_attention, local_attention_kernel)
RM_DEFINE_KERNEL(rm_f32_global_attention__avx2, float_global_attention, global_attention_kernel)
RM_DEFINE_KERNEL(rm_f32_to_float__avx2, float_to_float, to_float_kernel)
RM_DEFINE_KERNEL(rm_f32_from_float__avx2, float_from_float, from_float_kernel)
RM_DEFINE_FLOAT_PACKING(rm_f32_conv_packed_bytes__avx2, rm_f32_conv_pack__avx2)

#endif
