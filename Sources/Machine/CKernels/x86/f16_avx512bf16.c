// SPDX-License-Identifier: Apache-2.0
// The convolution on halves that multiplies in bf16 (AVX512_BF16).
#if defined(__x86_64__)

#define HALF 1
#define PAIRS 1
#include "float_avx512.h"

#include "../vector/float_conv.h"

#endif
