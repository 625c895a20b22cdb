// SPDX-License-Identifier: Apache-2.0
// The kernels on halves for AVX512-FP16; curves are those of AVX-512.
#if defined(__x86_64__)

#include "real_avx512fp16.h"

#define CURVES(kernel) rm_f16_##kernel##__avx512
#define CURVES_LEVEL "avx512"
#include "../vector/real_table.h"

#endif
