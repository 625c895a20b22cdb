// SPDX-License-Identifier: Apache-2.0
// The scalar kernels on floats: what rm_real.h means.
#include "real.h"

#define HALF 0
#define STORAGE "f32"
#define LEVEL "scalar"
#define NAME(kernel) rm_f32_##kernel##__scalar

typedef float element;
static inline float get(element x) { return x; }
static inline element put(float x) { return x; }

#include "real_scalar.h"
