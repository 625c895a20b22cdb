// SPDX-License-Identifier: Apache-2.0
// The scalar kernels on halves: what rm_float.h means.
#include "float.h"
#include "half.h"

#define HALF 1
#define NAME(kernel) rm_f16_##kernel##__scalar

typedef uint16_t element;
static inline float get(element x) { return rm_from_half(x); }
static inline element put(float x) { return rm_to_half(x); }

#include "float_scalar.h"
