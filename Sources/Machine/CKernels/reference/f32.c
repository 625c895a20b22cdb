// SPDX-License-Identifier: Apache-2.0
// The scalar kernels on floats: what rm_float.h means.
#include "float.h"

#define HALF 0
#define NAME(kernel) rm_f32_##kernel##__scalar

typedef float element;
static inline float get(element x) { return x; }
static inline element put(float x) { return x; }

#include "float_scalar.h"
