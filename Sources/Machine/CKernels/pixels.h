// SPDX-License-Identifier: Apache-2.0
// Declarations of every kernel that the list of slots names. Their contracts stand there.
#pragma once

#include "macros.h"
#include "rm_pixels.h"

#define RM_SLOT(slot, parameters, avx2, avx512, neon) void rm_pixels_##slot##__scalar parameters;
#include "slots_pixels.inc"

#if defined(__x86_64__)
#define RM_SLOT(slot, parameters, avx2, avx512, neon) \
  void rm_pixels_##slot##__##avx2 parameters;         \
  void rm_pixels_##slot##__##avx512 parameters;
#include "slots_pixels.inc"
#elif defined(__aarch64__)
#define RM_SLOT(slot, parameters, avx2, avx512, neon) void rm_pixels_##slot##__##neon parameters;
#include "slots_pixels.inc"
#endif
