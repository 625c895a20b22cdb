// SPDX-License-Identifier: Apache-2.0
// The kernels on halves for AVX512-FP16; curves are those of AVX-512. With AMX, dense convolutions are its.
#if defined(__x86_64__)

#include "float_avx512fp16.inc"

#include "../vector/float_all.inc"

RM_DEFINE_KERNEL(rm_f16_conv__avx512fp16, float_conv, conv_kernel)
RM_DEFINE_KERNEL(rm_f16_dwconv__avx512fp16, float_dwconv, dwconv_kernel)
RM_DEFINE_KERNEL(rm_f16_dwconv3x3__avx512fp16, float_dwconv3x3, dwconv3x3_kernel)
RM_DEFINE_KERNEL(rm_f16_add__avx512fp16, float_add, add_kernel)
RM_DEFINE_KERNEL(rm_f16_sub__avx512fp16, float_sub, sub_kernel)
RM_DEFINE_KERNEL(rm_f16_mul__avx512fp16, float_mul, mul_kernel)
RM_DEFINE_KERNEL(rm_f16_div__avx512fp16, float_div, div_kernel)
RM_DEFINE_KERNEL(rm_f16_clamp__avx512fp16, float_clamp, clamp_kernel)
RM_DEFINE_KERNEL(rm_f16_hard_sigmoid__avx512fp16, float_hard_sigmoid, hard_sigmoid_kernel)
RM_DEFINE_KERNEL(rm_f16_hard_swish__avx512fp16, float_hard_swish, hard_swish_kernel)
RM_DEFINE_KERNEL(rm_f16_max_pool__avx512fp16, float_max_pool, max_pool_kernel)
RM_DEFINE_KERNEL(rm_f16_resize__avx512fp16, float_resize, resize_kernel)
RM_DEFINE_KERNEL(rm_f16_gridsample__avx512fp16, float_gridsample, gridsample_kernel)
RM_DEFINE_KERNEL(rm_f16_warp__avx512fp16, float_warp, warp_kernel)
RM_DEFINE_FLOAT_PACKING(rm_f16_conv_packed_bytes__avx512fp16, rm_f16_conv_pack__avx512fp16)

#endif
