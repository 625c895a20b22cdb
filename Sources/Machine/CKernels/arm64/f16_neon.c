// SPDX-License-Identifier: Apache-2.0
// The kernels on halves for NEON.
#if defined(__aarch64__)

#define HALF 1
#include "float_neon.h"

#include "../vector/float_table.h"

#endif
