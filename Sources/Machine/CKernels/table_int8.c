// SPDX-License-Identifier: Apache-2.0
#include "int8.h"

#define SCALAR_CONV                                                                                       \
  .conv_packed_bytes = rm_int8_conv_packed_bytes__scalar, .conv_pack = rm_int8_conv_pack__scalar,         \
  .conv = rm_int8_conv__scalar, .dwconv_packed_bytes = rm_int8_dwconv_packed_bytes__scalar,               \
  .dwconv_pack = rm_int8_dwconv_pack__scalar, .dwconv = rm_int8_dwconv__scalar

static const rm_int8_kernels scalar = {
    SCALAR_CONV,
    .combine = rm_int8_combine__scalar,
    .mul = rm_int8_mul__scalar,
    .table = rm_int8_table__scalar,
    .max_pool = rm_int8_max_pool__scalar,
    .average_pool = rm_int8_average_pool__scalar,
    .mean = rm_int8_mean__scalar,
    .resize = rm_int8_resize__scalar,
    .softmax = rm_int8_softmax__scalar,
    .warp = rm_int8_warp__scalar,
    .local_attention = rm_int8_local_attention__scalar,
    .global_attention = rm_int8_global_attention__scalar,
    .sample = rm_int8_sample__scalar,
    .matmul = rm_int8_matmul__scalar,
    .fill = rm_int8_fill__scalar,
    .quantize = rm_int8_quantize__scalar,
    .dequantize = rm_int8_dequantize__scalar,
};

#if defined(__x86_64__)
// Above AVX2 only the products differ, and on 512 bits what is written for them.
#define X86(isa, narrow, wide, sums, lookup)                                                                 \
  static const rm_int8_kernels isa = {                                                                    \
      .conv_packed_bytes = rm_int8_conv_packed_bytes__##isa,                                              \
      .conv_pack = rm_int8_conv_pack__##isa,                                                              \
      .conv = rm_int8_conv__##isa,                                                                        \
      .dwconv_packed_bytes = rm_int8_dwconv_packed_bytes__##narrow,                                       \
      .dwconv_pack = rm_int8_dwconv_pack__##narrow,                                                       \
      .dwconv = rm_int8_dwconv__##narrow,                                                                 \
      .combine = rm_int8_combine__##sums,                                                                 \
      .mul = rm_int8_mul__##wide,                                                                         \
      .table = rm_int8_table__##lookup,                                                                   \
      .max_pool = rm_int8_max_pool__avx2,                                                                 \
      .average_pool = rm_int8_average_pool__avx2,                                                         \
      .mean = rm_int8_mean__avx2,                                                                         \
      .resize = rm_int8_resize__avx2,                                                                     \
      .softmax = rm_int8_softmax__scalar,                                                                 \
      .warp = rm_int8_warp__avx2,                                                                         \
      .local_attention = rm_int8_local_attention__avx2,                                                   \
      .global_attention = rm_int8_global_attention__avx2,                                                 \
      .sample = rm_int8_sample__avx2,                                                                     \
      .matmul = rm_int8_matmul__##wide,                                                                   \
      .fill = rm_int8_fill__scalar,                                                                       \
      .quantize = rm_int8_quantize__avx2,                                                                 \
      .dequantize = rm_int8_dequantize__avx2,                                                             \
  }
X86(avx2, avx2, avx2, avx2, scalar);
X86(avxvnni, avxvnni, avx2, avx2, scalar);
X86(avx512vnni, avx512vnni, avx512vnni, avx512vnni, scalar);
X86(amx, avx512vnni, avx512vnni, avx512vbmi, avx512vbmi);
#endif

#if defined(__aarch64__)
// Above the baseline only the products differ. Compilers vectorise the scalar `dequantize`.
#define ARM64(isa)                                                                                        \
  static const rm_int8_kernels isa = {                                                                    \
      .conv_packed_bytes = rm_int8_conv_packed_bytes__##isa,                                              \
      .conv_pack = rm_int8_conv_pack__##isa,                                                              \
      .conv = rm_int8_conv__##isa,                                                                        \
      .dwconv_packed_bytes = rm_int8_dwconv_packed_bytes__##isa,                                          \
      .dwconv_pack = rm_int8_dwconv_pack__##isa,                                                          \
      .dwconv = rm_int8_dwconv__##isa,                                                                    \
      .combine = rm_int8_combine__neon,                                                                   \
      .mul = rm_int8_mul__neon,                                                                           \
      .table = rm_int8_table__neon,                                                                       \
      .max_pool = rm_int8_max_pool__neon,                                                                 \
      .average_pool = rm_int8_average_pool__neon,                                                         \
      .mean = rm_int8_mean__neon,                                                                         \
      .resize = rm_int8_resize__neon,                                                                     \
      .softmax = rm_int8_softmax__scalar,                                                                 \
      .warp = rm_int8_warp__neon,                                                                         \
      .local_attention = rm_int8_local_attention__neon,                                                   \
      .global_attention = rm_int8_global_attention__neon,                                                 \
      .sample = rm_int8_sample__neon,                                                                     \
      .matmul = rm_int8_matmul__neon,                                                                     \
      .fill = rm_int8_fill__scalar,                                                                       \
      .quantize = rm_int8_quantize__neon,                                                                 \
      .dequantize = rm_int8_dequantize__scalar,                                                           \
  }
ARM64(neon);
ARM64(neondot);
ARM64(i8mm);
#endif

const rm_int8_kernels *rm_int8_table(rm_cpu_level level) {
#if defined(__x86_64__)
  if (level == RM_CPU_AVX2) return &avx2;
  if (level == RM_CPU_AVXVNNI) return &avxvnni;
  if (level == RM_CPU_AVX512VNNI) return &avx512vnni;
  if (level == RM_CPU_AMX) return &amx;
#elif defined(__aarch64__)
  if (level == RM_CPU_NEON) return &neon;
  if (level == RM_CPU_NEONDOT) return &neondot;
  if (level == RM_CPU_I8MM) return &i8mm;
#endif
  (void)level;
  return &scalar;
}

rm_int8_choice rm_int8_conv_choice(rm_cpu_level level, const rm_int8_conv_shape *shape, int32_t depthwise) {
#if defined(__x86_64__)
  if (level == RM_CPU_AVX2) return (rm_int8_choice){"avx2", NULL};
  if (level == RM_CPU_AVXVNNI) return (rm_int8_choice){"avxvnni", NULL};
  if (level == RM_CPU_AVX512VNNI) return (rm_int8_choice){"avx512vnni", NULL};
  if (level == RM_CPU_AMX) {
    const char *why_not = depthwise ? "no tiles for depthwise" : rm_int8_conv_refusal__amx(shape);
    return (rm_int8_choice){why_not ? "avx512vnni" : "amx", why_not};
  }
#elif defined(__aarch64__)
  if (level == RM_CPU_NEON || (depthwise && level != RM_CPU_SCALAR)) return (rm_int8_choice){"neon", NULL};
  if (level == RM_CPU_NEONDOT) return (rm_int8_choice){"neondot", NULL};
  if (level == RM_CPU_I8MM) return (rm_int8_choice){"i8mm", NULL};
#endif
  (void)level, (void)shape, (void)depthwise;
  return (rm_int8_choice){"scalar", NULL};
}

const char *rm_int8_elementwise_name(rm_cpu_level level) {
#if defined(__x86_64__)
  if (level == RM_CPU_AVX512VNNI || level == RM_CPU_AMX) return "avx512vnni";
#endif
  return rm_int8_others_name(level);
}

const char *rm_int8_lookup_name(rm_cpu_level level) {
#if defined(__x86_64__)
  if (level == RM_CPU_AMX) return "avx512vbmi";
#elif defined(__aarch64__)
  if (level >= RM_CPU_NEON && level <= RM_CPU_I8MM) return "neon";
#endif
  (void)level;
  return "scalar";
}

const char *rm_int8_others_name(rm_cpu_level level) {
#if defined(__x86_64__)
  if (level >= RM_CPU_AVX2 && level <= RM_CPU_AMX) return "avx2";
#elif defined(__aarch64__)
  if (level >= RM_CPU_NEON && level <= RM_CPU_I8MM) return "neon";
#endif
  (void)level;
  return "scalar";
}
