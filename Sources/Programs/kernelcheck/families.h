// SPDX-License-Identifier: Apache-2.0
// The registry: a function for each family of kernels.
#pragma once

#include "check.h"

typedef void (*family)(check *);

extern const family families[];
extern const size_t family_count;

void check_float_family(check *c);     // f32.c: floating-point network operators
void check_pixels(check *c);  // pixels.c: resize, argmax, overlay
void check_int8(check *c);    // int8.c: integer network operators
