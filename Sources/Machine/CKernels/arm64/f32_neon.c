// SPDX-License-Identifier: Apache-2.0
// The kernels on floats for NEON.
#if defined(__aarch64__)

#define HALF 0
#include "float_neon.h"

#include "../vector/float_table.h"

#endif
