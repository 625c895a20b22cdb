// SPDX-License-Identifier: Apache-2.0
// The kernels on halves for AVX-512 F, BW, DQ and VL.
#if defined(__x86_64__)

#define HALF 1
#include "float_avx512.h"

#include "../vector/float_table.h"

#endif
