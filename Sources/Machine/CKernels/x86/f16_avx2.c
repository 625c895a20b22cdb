// SPDX-License-Identifier: Apache-2.0
// The kernels on halves for AVX2, FMA and F16C.
#if defined(__x86_64__)

#define HALF 1
#include "float_avx2.h"

#include "../vector/float_table.h"

#endif
