// SPDX-License-Identifier: Apache-2.0
#include "reference/pixels.h"
#include "rm_pixels.h"

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

const rm_pixels_table *rm_pixels_kernels(rm_cpu_level level) {
  (void)level;
  return &scalar;
}
