// SPDX-License-Identifier: Apache-2.0
// Declarations of every kernel that the list of slots names.
#pragma once

#include "macros.h"
#include "rm_float.h"

// What the kernels of a slot take, and their contract, which they ask for themselves: it ends the program where it is
// broken (contracts_float.c).
#define RM_SLOT(slot, call, ...)              \
  typedef call rm_float_##slot##_arguments;    \
  void rm_float_##slot##_expect(const call *, ptrdiff_t begin, ptrdiff_t end);
#include "slots_float.inc"

#define DECLARE(prefix, slot, call, isa) \
  void rm_##prefix##_##slot##__##isa(const call *, ptrdiff_t begin, ptrdiff_t end);
#define DECLARE_CONV(prefix, isa)                                                   \
  DECLARE(prefix, conv, rm_float_conv, isa)                                         \
  size_t rm_##prefix##_conv_packed_bytes__##isa(const rm_float_conv *);             \
  void rm_##prefix##_conv_pack__##isa(const rm_float_conv *, const float *weights, void *packed);

#define RM_SLOT(slot, call, ...) DECLARE(f32, slot, call, scalar) DECLARE(f16, slot, call, scalar)
#define RM_FLOAT_SLOT(slot, call, ...) DECLARE(f32, slot, call, scalar)
#define RM_ANY_SLOT(slot, call, ...) void rm_##slot##__scalar(const call *, ptrdiff_t begin, ptrdiff_t end);
#include "slots_float.inc"

#if defined(__x86_64__)
#define RM_SLOT(slot, call, avx2, avx512, avx512fp16, neon, neonfp16)                                              \
  DECLARE(f32, slot, call, avx2) DECLARE(f32, slot, call, avx512) DECLARE(f16, slot, call, avx2)                   \
  DECLARE(f16, slot, call, avx512) DECLARE(f16, slot, call, avx512fp16)
#define RM_FLOAT_SLOT(slot, call, avx2, avx512, avx512fp16, neon, neonfp16) \
  DECLARE(f32, slot, call, avx2) DECLARE(f32, slot, call, avx512)
#define RM_ANY_SLOT(...)
#include "slots_float.inc"
DECLARE_CONV(f32, avx2)
DECLARE_CONV(f32, avx512)
DECLARE_CONV(f16, avx2)
DECLARE_CONV(f16, avx512)
DECLARE_CONV(f16, avx512fp16)
DECLARE_CONV(f16, amx)
DECLARE_CONV(bf16, avx512bf16)
DECLARE_CONV(bf16, amx)
#elif defined(__aarch64__)
#define RM_SLOT(slot, call, avx2, avx512, avx512fp16, neon, neonfp16) \
  DECLARE(f32, slot, call, neon) DECLARE(f16, slot, call, neon) DECLARE(f16, slot, call, neonfp16)
#define RM_FLOAT_SLOT(slot, call, avx2, avx512, avx512fp16, neon, neonfp16) DECLARE(f32, slot, call, neon)
#define RM_ANY_SLOT(...)
#include "slots_float.inc"
DECLARE_CONV(f32, neon)
DECLARE_CONV(f16, neon)
DECLARE_CONV(f16, neonfp16)
#endif

#undef DECLARE
#undef DECLARE_CONV
