// SPDX-License-Identifier: Apache-2.0
// The convolution on halves that multiplies in bf16 (AVX512_BF16).
#if defined(__x86_64__)

#define HALF 1
#define PAIRS 1
#include "float_avx512.inc"

#include "../vector/float_words.inc"

#include "../vector/float_conv.inc"

RM_DEFINE_KERNEL(rm_bf16_conv__avx512bf16, float_conv, conv_kernel)
RM_DEFINE_FLOAT_PACKING(rm_bf16_conv_packed_bytes__avx512bf16, rm_bf16_conv_pack__avx512bf16)

#endif
