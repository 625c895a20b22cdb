// SPDX-License-Identifier: Apache-2.0
// The kernels on floats for AVX2 and FMA.
#if defined(__x86_64__)

#define HALF 0
#include "float_avx2.h"

#include "../vector/float_table.h"

#endif
