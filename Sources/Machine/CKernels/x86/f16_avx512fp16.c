// SPDX-License-Identifier: Apache-2.0
// The kernels on halves for AVX512-FP16; curves are those of AVX-512. With AMX, dense convolutions are its.
#if defined(__x86_64__)

#include "real_avx512fp16.h"

#define CURVES(kernel) rm_f16_##kernel##__avx512
#define CURVES_LEVEL "avx512"
#include "../vector/real_table.h"

const rm_real_table rm_f16_table__amx =
    TABLE(rm_f16_conv__amx, rm_f16_conv_packed_bytes__amx, rm_f16_conv_pack__amx, 0, "amx");
const rm_real_table rm_f16_table__amxbf16 =
    TABLE(rm_f16_conv__amxbf16, rm_f16_conv_packed_bytes__amxbf16, rm_f16_conv_pack__amxbf16, 1, "amxbf16");

#endif
