// SPDX-License-Identifier: Apache-2.0
// The kernels on halves for AVX512-FP16; curves are those of AVX-512. With AMX, dense convolutions are its.
#if defined(__x86_64__)

#include "float_avx512fp16.h"

#include "../vector/float_table.h"

#endif
