// SPDX-License-Identifier: Apache-2.0
#include "families.h"

const family families[] = {
    check_float_family,
    check_pixels_family,
    check_int8_family,
};

const size_t family_count = sizeof families / sizeof *families;
