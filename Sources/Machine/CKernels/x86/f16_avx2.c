// SPDX-License-Identifier: Apache-2.0
// The kernels on halves for AVX2, FMA and F16C.
#if defined(__x86_64__)

#define HALF 1
#include "real_avx2.h"

#include "../vector/real_table.h"

#endif
