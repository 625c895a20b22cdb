// SPDX-License-Identifier: Apache-2.0
// The variants of the kernels of rm_pixels.h, whose contracts hold here.
#pragma once

#include "rm_pixels.h"

#define RM_PIXELS_ARGMAX(isa)                                                                                        \
  void rm_f32_argmax__##isa(const float *lerped, size_t stride, int classes, const int32_t *first,                   \
                            const float *fraction, size_t columns, uint8_t *labels);                                 \
  void rm_s16_argmax_exact__##isa(const int16_t *lerped, size_t stride, int classes, const int32_t *first,           \
                                  const int16_t *fraction, size_t columns, uint8_t *labels);                         \
  void rm_s16_argmax_q15__##isa(const int16_t *lerped, size_t stride, int classes, const int32_t *first,             \
                                const int16_t *fraction, size_t columns, uint8_t *labels);

#define RM_PIXELS_VARIANT(isa)                                                                                       \
  void rm_u8_blend_rows__##isa(const uint8_t *const *rows, const int16_t *weights, int taps, size_t columns,         \
                               int16_t *out);                                                                        \
  void rm_s16_split_pairs__##isa(const int16_t *pairs, size_t columns, int16_t *a, int16_t *b);                      \
  void rm_s16_resample_row__##isa(const int16_t *in, const rm_resample_axis *axis, int16_t *out);                    \
  void rm_s16_yuv_to_rgb__##isa(const int16_t *y, const int16_t *u, const int16_t *v, const rm_yuv_matrix *matrix,   \
                                size_t columns, uint8_t *rgb);                                                       \
  void rm_u8_normalize__##isa(const uint8_t *rgb, const float *mean, const float *scale, size_t columns,             \
                              float *out);                                                                           \
  void rm_u8_quantize__##isa(const uint8_t *rgb, const rm_rgb_quantizer *quantizer, size_t columns, uint8_t *out);   \
  void rm_f32_planes__##isa(const float *logits, size_t pixel_stride, size_t columns, int classes, float *planes,    \
                            size_t stride);                                                                          \
  void rm_s8_planes__##isa(const uint8_t *logits, size_t pixel_stride, size_t columns, int classes, uint8_t flip,    \
                           int16_t *planes, size_t stride);                                                          \
  void rm_f32_lerp__##isa(const float *upper, const float *lower, float fraction, size_t columns, int classes,       \
                          float *out, size_t stride);                                                                \
  void rm_s16_lerp__##isa(const int16_t *upper, const int16_t *lower, int unit, int fraction, int gain,              \
                          size_t columns, int classes, int16_t *out, size_t stride);                                 \
  RM_PIXELS_ARGMAX(isa)                                                                                              \
  void rm_u8_overlay_plane__##isa(const uint8_t *source, const uint8_t *labels, const rm_overlay_palette *palette,   \
                                  int color_plane, size_t columns, uint8_t *out);                                    \
  void rm_u8_overlay_chroma__##isa(const uint8_t *source_u, const uint8_t *source_v, const uint8_t *upper_labels,    \
                                   const uint8_t *lower_labels, const rm_overlay_palette *palette,                   \
                                   size_t label_columns, uint8_t *out_u, uint8_t *out_v);                            \
  void rm_u8_overlay_chroma_pairs__##isa(const uint8_t *source, const uint8_t *upper_labels,                         \
                                         const uint8_t *lower_labels, const rm_overlay_palette *palette,             \
                                         size_t label_columns, uint8_t *out);                                        \
  void rm_u8_histogram__##isa(const uint8_t *labels, size_t columns, uint64_t *counts);                              \
  void rm_u8_confusion__##isa(const uint8_t *predicted, const uint8_t *truth, size_t columns, int classes,           \
                              uint64_t *counts);

RM_PIXELS_VARIANT(scalar)
#if defined(__x86_64__)
RM_PIXELS_VARIANT(avx2)
RM_PIXELS_ARGMAX(avx512)
#elif defined(__aarch64__)
RM_PIXELS_VARIANT(neon)
#endif
#undef RM_PIXELS_VARIANT
#undef RM_PIXELS_ARGMAX
