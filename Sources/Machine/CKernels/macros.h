// SPDX-License-Identifier: Apache-2.0
// The words that kernels are written in, each with one meaning everywhere.
//
//   TARGET    the instructions of the file's functions: an attribute, empty for the baseline. Each file defines it,
//             before it includes anything that is written in it.
//   INLINE    a helper that becomes part of the kernel, compiled for TARGET
//   UNROLL    in front of a loop over an array that is to stay in registers
//   UNROLL2   in front of a loop to be done two turns at a time
//   LOCAL(x)  in a template that one file includes more than once: this instance's helper x
//   RM_DEFINE_KERNEL, RM_DEFINE_PACKING   a kernel by its full name; what it does is a function of a template
//
// Templates are *.inc: text for the files that include them, with a list of what these define first. They are written
// in a vector vocabulary (`vec`, v_load, v_add, ...) that each instruction set defines.
#pragma once

#include "expect.h"

#define INLINE TARGET static inline __attribute__((always_inline))

#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#define UNROLL2 _Pragma("clang loop unroll_count(2)")
#else
#define UNROLL _Pragma("GCC unroll 32")
#define UNROLL2 _Pragma("GCC unroll 2")
#endif

// RM_DEFINE_KERNEL(rm_int8_resize__avx2, int8_resize, resize): the kernel of the slot `resize` of the integer family,
// which checks the slot's contract and does what the static function `resize` of the template does.
#define RM_DEFINE_KERNEL(name, slot, body)                                                  \
  TARGET void name(const rm_##slot##_arguments *call, ptrdiff_t begin, ptrdiff_t end) {     \
    rm_##slot##_expect(call, begin, end);                                                   \
    body(call, begin, end);                                                                 \
  }

// The two functions that pack weights for it: those that the template calls conv_packed_bytes and conv_pack, or so.
#define RM_DEFINE_PACKING(packed_bytes_name, pack_name, slot)                                                \
  size_t packed_bytes_name(const rm_int8_conv_shape *shape) { return slot##_packed_bytes(shape); }           \
  void pack_name(const rm_int8_conv_shape *shape, const rm_int8_conv_weights *from, void *packed) {          \
    slot##_pack(shape, from, packed);                                                                        \
  }

// The same for convolutions on floats and halves.
#define RM_DEFINE_FLOAT_PACKING(packed_bytes_name, pack_name)                                                   \
  size_t packed_bytes_name(const rm_float_conv *conv) { return conv_packed_bytes(conv); }                       \
  void pack_name(const rm_float_conv *conv, const float *weights, void *packed) { conv_pack(conv, weights, packed); }
