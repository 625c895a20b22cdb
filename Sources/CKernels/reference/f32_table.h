// SPDX-License-Identifier: Apache-2.0
// The tables that rm_f32_kernels chooses from.
#pragma once

#include "rm_f32.h"

extern const rm_f32_table rm_f32_table__scalar;
#if defined(__x86_64__)
extern const rm_f32_table rm_f32_table__avx2;
extern const rm_f32_table rm_f32_table__avx512;
#endif
