// SPDX-License-Identifier: Apache-2.0
// The kernels on halves for NEON with fullfp16; curves are those of NEON.
#if defined(__aarch64__)

#include "real_neonfp16.h"

#define CURVES(kernel) rm_f16_##kernel##__neon
#define CURVES_LEVEL "neon"
#include "../vector/real_table.h"

#endif
