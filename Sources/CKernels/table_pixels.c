// SPDX-License-Identifier: Apache-2.0
#include "reference/pixels.h"
#include "rm_pixels.h"
#include "x86/pixels.h"

static const rm_pixels_table scalar = {
    .blend_rows = rm_u8_blend_rows__scalar,
    .split_pairs = rm_s16_split_pairs__scalar,
    .resample_row = rm_s16_resample_row__scalar,
    .yuv_to_rgb = rm_s16_yuv_to_rgb__scalar,
    .normalize = rm_u8_normalize__scalar,
    .quantize = rm_u8_quantize__scalar,
    .planes_f32 = rm_f32_planes__scalar,
    .planes_s8 = rm_s8_planes__scalar,
    .lerp_f32 = rm_f32_lerp__scalar,
    .lerp_s16 = rm_s16_lerp__scalar,
    .argmax_f32 = rm_f32_argmax__scalar,
    .argmax_exact_s16 = rm_s16_argmax_exact__scalar,
    .argmax_q15_s16 = rm_s16_argmax_q15__scalar,
    .overlay_plane = rm_u8_overlay_plane__scalar,
    .overlay_chroma = rm_u8_overlay_chroma__scalar,
    .overlay_chroma_pairs = rm_u8_overlay_chroma_pairs__scalar,
    .histogram = rm_u8_histogram__scalar,
    .confusion = rm_u8_confusion__scalar,
};

#if defined(__x86_64__)
static const rm_pixels_table avx2 = {
    .blend_rows = rm_u8_blend_rows__avx2,
    .split_pairs = rm_s16_split_pairs__avx2,
    .resample_row = rm_s16_resample_row__avx2,
    .yuv_to_rgb = rm_s16_yuv_to_rgb__avx2,
    .normalize = rm_u8_normalize__avx2,
    .quantize = rm_u8_quantize__avx2,
    .planes_f32 = rm_f32_planes__avx2,
    .planes_s8 = rm_s8_planes__avx2,
    .lerp_f32 = rm_f32_lerp__avx2,
    .lerp_s16 = rm_s16_lerp__avx2,
    .argmax_f32 = rm_f32_argmax__avx2,
    .argmax_exact_s16 = rm_s16_argmax_exact__avx2,
    .argmax_q15_s16 = rm_s16_argmax_q15__avx2,
    .overlay_plane = rm_u8_overlay_plane__avx2,
    .overlay_chroma = rm_u8_overlay_chroma__avx2,
    .overlay_chroma_pairs = rm_u8_overlay_chroma_pairs__avx2,
    .histogram = rm_u8_histogram__avx2,
    .confusion = rm_u8_confusion__avx2,
};

static const rm_pixels_table avx512 = {
    .blend_rows = rm_u8_blend_rows__avx2,
    .split_pairs = rm_s16_split_pairs__avx2,
    .resample_row = rm_s16_resample_row__avx2,
    .yuv_to_rgb = rm_s16_yuv_to_rgb__avx2,
    .normalize = rm_u8_normalize__avx2,
    .quantize = rm_u8_quantize__avx2,
    .planes_f32 = rm_f32_planes__avx2,
    .planes_s8 = rm_s8_planes__avx2,
    .lerp_f32 = rm_f32_lerp__avx2,
    .lerp_s16 = rm_s16_lerp__avx2,
    .argmax_f32 = rm_f32_argmax__avx512,
    .argmax_exact_s16 = rm_s16_argmax_exact__avx512,
    .argmax_q15_s16 = rm_s16_argmax_q15__avx512,
    .overlay_plane = rm_u8_overlay_plane__avx2,
    .overlay_chroma = rm_u8_overlay_chroma__avx2,
    .overlay_chroma_pairs = rm_u8_overlay_chroma_pairs__avx2,
    .histogram = rm_u8_histogram__avx2,
    .confusion = rm_u8_confusion__avx2,
};
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
#endif
    default:
      return &scalar;
  }
}
