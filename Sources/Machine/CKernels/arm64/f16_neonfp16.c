// SPDX-License-Identifier: Apache-2.0
// The kernels on halves for NEON with fullfp16; curves are those of NEON.
#if defined(__aarch64__)

#include "float_neonfp16.h"

#include "../vector/float_table.h"

#endif
