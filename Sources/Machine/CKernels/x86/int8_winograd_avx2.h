// SPDX-License-Identifier: Apache-2.0
// What int8_conv_avx2.c takes for the shapes that fit.
#pragma once

#include "../int8.h"

// 3x3, stride 1, 32 to 256 input channels in sixteens.
int rm_int8_winograd_fits(const rm_int8_conv_shape *);
size_t rm_int8_winograd_packed_bytes(const rm_int8_conv_shape *);
void rm_int8_winograd_pack(const rm_int8_conv_shape *, const rm_int8_conv_weights *, void *);
void rm_int8_winograd_run(const rm_int8_conv_call *, ptrdiff_t row_begin, ptrdiff_t row_end);
