// SPDX-License-Identifier: Apache-2.0
// The tables that rm_real_kernels chooses from, and the kernels of one that others take over.
#pragma once

#include "rm_real.h"

#define RM_REAL_DECLARE(storage, level)                                                                           \
  void rm_##storage##_sigmoid__##level(const rm_real_unary *, ptrdiff_t begin, ptrdiff_t end);                    \
  void rm_##storage##_softmax__##level(const rm_real_softmax *, ptrdiff_t begin, ptrdiff_t end);                  \
  void rm_##storage##_to_float__##level(const rm_real_convert *, ptrdiff_t begin, ptrdiff_t end);                 \
  void rm_##storage##_from_float__##level(const rm_real_convert *, ptrdiff_t begin, ptrdiff_t end);               \
  void rm_##storage##_global_average_pool__##level(const rm_real_global_pool *, ptrdiff_t begin, ptrdiff_t end);   \
  void rm_##storage##_average_pool__##level(const rm_real_pool *, ptrdiff_t begin, ptrdiff_t end);                 \
  void rm_##storage##_local_attention__##level(const rm_real_local_attention *, ptrdiff_t begin, ptrdiff_t end);   \
  extern const rm_real_table rm_##storage##_table__##level;

#define RM_REAL_DECLARE_SCALAR(storage)                                                                           \
  RM_REAL_DECLARE(storage, scalar)                                                                                \
  void rm_##storage##_reduce__scalar(const rm_real_reduce *, ptrdiff_t begin, ptrdiff_t end);                     \
  void rm_##storage##_arg_max__scalar(const rm_real_arg_max *, ptrdiff_t begin, ptrdiff_t end);                   \
  void rm_##storage##_fill__scalar(const rm_real_fill *, ptrdiff_t begin, ptrdiff_t end);                         \
  void rm_##storage##_gridsample__scalar(const rm_real_gridsample *, ptrdiff_t begin, ptrdiff_t end);             \
  void rm_##storage##_matmul__scalar(const rm_real_matmul *, ptrdiff_t begin, ptrdiff_t end);                     \
  void rm_##storage##_quantize__scalar(const rm_real_quantize *, ptrdiff_t begin, ptrdiff_t end);                 \
  void rm_##storage##_dequantize__scalar(const rm_real_quantize *, ptrdiff_t begin, ptrdiff_t end);

RM_REAL_DECLARE_SCALAR(f32)
RM_REAL_DECLARE_SCALAR(f16)
void rm_copy__scalar(const rm_copy *, ptrdiff_t begin, ptrdiff_t end);

#if defined(__x86_64__)
RM_REAL_DECLARE(f32, avx2)
RM_REAL_DECLARE(f32, avx512)
RM_REAL_DECLARE(f16, avx2)
RM_REAL_DECLARE(f16, avx512)
extern const rm_real_table rm_f16_table__avx512fp16;
extern const rm_real_table rm_f16_table__avx512bf16;
extern const rm_real_table rm_f16_table__amx;
extern const rm_real_table rm_f16_table__amxbf16;
#define RM_REAL_DECLARE_CONV(level)                                                      \
  void rm_f16_conv__##level(const rm_real_conv *, ptrdiff_t begin, ptrdiff_t end);       \
  size_t rm_f16_conv_packed_bytes__##level(const rm_real_conv *);                        \
  void rm_f16_conv_pack__##level(const rm_real_conv *, const float *weights, void *packed);
RM_REAL_DECLARE_CONV(amx)
RM_REAL_DECLARE_CONV(amxbf16)
#elif defined(__aarch64__)
RM_REAL_DECLARE(f32, neon)
RM_REAL_DECLARE(f16, neon)
extern const rm_real_table rm_f16_table__neonfp16;
#endif
