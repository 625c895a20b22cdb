// SPDX-License-Identifier: Apache-2.0
// The kernels on floats for AVX2 and FMA.
#if defined(__x86_64__)

#define HALF 0
#include "real_avx2.h"

#include "../vector/real_table.h"

#endif
