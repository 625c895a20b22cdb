// SPDX-License-Identifier: Apache-2.0
#include "pixels.h"

// The kernels of one instruction set, the argmax of another where that has one of its own.
#define TABLE(name, isa, argmax)                                                                          \
  static const rm_pixels_table name = {                                                                   \
      .blend_rows = rm_u8_blend_rows__##isa,                                                              \
      .split_pairs = rm_s16_split_pairs__##isa,                                                           \
      .resample_row = rm_s16_resample_row__##isa,                                                         \
      .yuv_to_rgb = rm_s16_yuv_to_rgb__##isa,                                                             \
      .normalize = rm_u8_normalize__##isa,                                                                \
      .quantize = rm_u8_quantize__##isa,                                                                  \
      .planes_f32 = rm_f32_planes__##isa,                                                                 \
      .planes_s8 = rm_s8_planes__##isa,                                                                   \
      .lerp_f32 = rm_f32_lerp__##isa,                                                                     \
      .lerp_s16 = rm_s16_lerp__##isa,                                                                     \
      .argmax_f32 = rm_f32_argmax__##argmax,                                                              \
      .argmax_exact_s16 = rm_s16_argmax_exact__##argmax,                                                  \
      .argmax_q15_s16 = rm_s16_argmax_q15__##argmax,                                                      \
      .overlay_plane = rm_u8_overlay_plane__##isa,                                                        \
      .overlay_chroma = rm_u8_overlay_chroma__##isa,                                                      \
      .overlay_chroma_pairs = rm_u8_overlay_chroma_pairs__##isa,                                          \
      .histogram = rm_u8_histogram__##isa,                                                                \
      .confusion = rm_u8_confusion__##isa,                                                                \
  }

TABLE(scalar, scalar, scalar);
#if defined(__x86_64__)
TABLE(avx2, avx2, avx2);
TABLE(avx512, avx2, avx512);
#elif defined(__aarch64__)
TABLE(neon, neon, neon);
#endif

const rm_pixels_table *rm_pixels_kernels(rm_cpu_level level) {
  switch (level) {
#if defined(__x86_64__)
    case RM_CPU_AVX2:
    case RM_CPU_AVXVNNI:
      return &avx2;
    case RM_CPU_AVX512VNNI:
    case RM_CPU_AMX:
      return &avx512;
#elif defined(__aarch64__)
    case RM_CPU_NEON:
    case RM_CPU_NEONDOT:
    case RM_CPU_I8MM:
      return &neon;
#endif
    default:
      return &scalar;
  }
}
