// SPDX-License-Identifier: Apache-2.0
// The kernels on halves for AVX-512 F, BW, DQ and VL, whose convolutions multiply in bf16 (AVX512_BF16).
#if defined(__x86_64__)

#define HALF 1
#define PAIRS 1
#include "real_avx512.h"

#include "../vector/real_table.h"

#endif
