// SPDX-License-Identifier: Apache-2.0
// A function for each family of kernels, which walks the slots of its table.
#pragma once

#include "check.h"

typedef void (*family)(check *);

extern const family families[];
extern const size_t family_count;

void check_float_family(check *c);   // float.c: network operators on floats and halves
void check_pixels_family(check *c);  // pixels.c: resize, argmax, overlay, counting
void check_int8_family(check *c);    // int8.c: integer network operators
