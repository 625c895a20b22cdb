// SPDX-License-Identifier: Apache-2.0
// Labels look up their alpha and colours in tables of registers (tbx), which leave the entry of the labels beyond all
// tables where a label lies outside. A chroma sample blends with each of its label rows in 16 bits: weights of 256
// there, so 255 * 256 at most; of the two the halving add and the rounding shift make one rounding of their mean.
#if defined(__aarch64__)
#include <arm_neon.h>
#include <string.h>

#define TARGET
#include "../macros.h"
#include "../pixels.h"


// table[label]; entries from `tables` * 16 on are table[255].
INLINE uint8x16_t look_up(uint8x16_t labels, const uint8_t table[256], int tables) {
  uint8x16_t found = vdupq_n_u8(table[255]);
  if (tables <= 2) return vqtbx2q_u8(found, vld1q_u8_x2(table), labels);
  for (int i = 0; i < tables; i += 4, labels = vsubq_u8(labels, vdupq_n_u8(64)))
    found = vqtbx4q_u8(found, vld1q_u8_x4(table + 16 * i), labels);
  return found;
}

INLINE void plane32(const uint8_t *source, const uint8_t *labels, const rm_overlay_palette *palette, int color_plane,
                    int tables, uint8_t *out) {
  for (int i = 0; i < 32; i += 16) {
    const uint8x16_t label = vld1q_u8(labels + i), value = vld1q_u8(source + i);
    const uint8x16_t alpha = look_up(label, palette->alpha, tables);
    const uint8x16_t color = look_up(label, palette->colors[color_plane], tables);
    const uint8x16_t rest = vsubq_u8(vdupq_n_u8(1 << RM_ALPHA_BITS), alpha);
    const uint16x8_t low =
        vmlal_u8(vmull_u8(vget_low_u8(value), vget_low_u8(rest)), vget_low_u8(color), vget_low_u8(alpha));
    const uint16x8_t high = vmlal_high_u8(vmull_high_u8(value, rest), color, alpha);
    vst1q_u8(out + i, vrshrn_high_n_u16(vrshrn_n_u16(low, RM_ALPHA_BITS), high, RM_ALPHA_BITS));
  }
}

// One row of 32 labels: even and odd ones, their alphas, and what these leave of the 16 samples there, in 1/256.
typedef struct {
  uint8x16_t even, odd, even_alpha, odd_alpha;
  uint16x8_t low_rest, high_rest;
} cover;

INLINE cover cover32(const uint8_t *labels, const rm_overlay_palette *palette, int tables) {
  const uint16x8_t unit = vdupq_n_u16(2 << RM_ALPHA_BITS);
  const uint8x16x2_t both = vld2q_u8(labels);
  cover c = {.even = both.val[0], .odd = both.val[1]};
  c.even_alpha = look_up(c.even, palette->alpha, tables);
  c.odd_alpha = look_up(c.odd, palette->alpha, tables);
  c.low_rest = vsubq_u16(unit, vaddl_u8(vget_low_u8(c.even_alpha), vget_low_u8(c.odd_alpha)));
  c.high_rest = vsubq_u16(unit, vaddl_high_u8(c.even_alpha, c.odd_alpha));
  return c;
}

// Sixteen samples blended with one row of labels, times 256.
typedef struct {
  uint16x8_t low, high;
} blend;

INLINE blend blend16(uint8x16_t samples, const cover *c, const uint8_t *colors, int tables) {
  const uint8x16_t even = look_up(c->even, colors, tables), odd = look_up(c->odd, colors, tables);
  const uint16x8_t low = vmlal_u8(vmull_u8(vget_low_u8(even), vget_low_u8(c->even_alpha)), vget_low_u8(odd),
                                  vget_low_u8(c->odd_alpha));
  const uint16x8_t high = vmlal_high_u8(vmull_high_u8(even, c->even_alpha), odd, c->odd_alpha);
  return (blend){vmlaq_u16(low, vmovl_u8(vget_low_u8(samples)), c->low_rest),
                 vmlaq_u16(high, vmovl_high_u8(samples), c->high_rest)};
}

INLINE uint8x16_t covered16(uint8x16_t samples, const cover *upper, const cover *lower, const uint8_t *colors,
                            int tables) {
  const blend a = blend16(samples, upper, colors, tables), b = blend16(samples, lower, colors, tables);
  return vrshrn_high_n_u16(vrshrn_n_u16(vhaddq_u16(a.low, b.low), 8), vhaddq_u16(a.high, b.high), 8);
}

INLINE void chroma32(const uint8_t *source_u, const uint8_t *source_v, const uint8_t *upper, const uint8_t *lower,
                     const rm_overlay_palette *palette, int tables, uint8_t *out_u, uint8_t *out_v) {
  const cover above = cover32(upper, palette, tables), below = cover32(lower, palette, tables);
  vst1q_u8(out_u, covered16(vld1q_u8(source_u), &above, &below, palette->colors[1], tables));
  vst1q_u8(out_v, covered16(vld1q_u8(source_v), &above, &below, palette->colors[2], tables));
}

INLINE void pairs32(const uint8_t *source, const uint8_t *upper, const uint8_t *lower,
                    const rm_overlay_palette *palette, int tables, uint8_t *out) {
  const cover above = cover32(upper, palette, tables), below = cover32(lower, palette, tables);
  uint8x16x2_t samples = vld2q_u8(source);
  for (int i = 0; i < 2; i++)
    samples.val[i] = covered16(samples.val[i], &above, &below, palette->colors[1 + i], tables);
  vst2q_u8(out, samples);
}

#include "../vector/pixels_overlay.inc"

TARGET void rm_pixels_overlay_chroma__neon(const uint8_t *source_u, const uint8_t *source_v,
                                           const uint8_t *upper_labels, const uint8_t *lower_labels,
                                           const rm_overlay_palette *palette, size_t label_columns, uint8_t *out_u,
                                           uint8_t *out_v) {
  overlay_chroma_kernel(source_u, source_v, upper_labels, lower_labels, palette, label_columns, out_u, out_v);
}

TARGET void rm_pixels_overlay_chroma_pairs__neon(const uint8_t *source, const uint8_t *upper_labels,
                                                 const uint8_t *lower_labels, const rm_overlay_palette *palette,
                                                 size_t label_columns, uint8_t *out) {
  overlay_chroma_pairs_kernel(source, upper_labels, lower_labels, palette, label_columns, out);
}

TARGET void rm_pixels_overlay_plane__neon(const uint8_t *source, const uint8_t *labels,
                                          const rm_overlay_palette *palette, int color_plane, size_t columns,
                                          uint8_t *out) {
  overlay_plane_kernel(source, labels, palette, color_plane, columns, out);
}

#endif
