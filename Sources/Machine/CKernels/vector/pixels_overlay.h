// SPDX-License-Identifier: Apache-2.0
// Rows of overlay, 32 labels at a time. Included behind INLINE, NAME(kernel), TARGET and
//   plane32(source, labels, palette, color_plane, tables, out)
//   chroma32(source_u, source_v, upper, lower, palette, tables, out_u, out_v)
//   pairs32(source, upper, lower, palette, tables, out)
// `tables` is how many sixteens of labels the palette tells apart: a constant for the usual palettes.
// What a row leaves over goes through a copy, as the row may be its own source.

#define WITH_TABLES(row, palette, ...)                                            \
  const int tables = (palette)->labels / 16;                                      \
  if (tables == 1)                                                                \
    row(__VA_ARGS__, palette, 1);                                                 \
  else if (tables == 2)                                                           \
    row(__VA_ARGS__, palette, 2);                                                 \
  else                                                                            \
    row(__VA_ARGS__, palette, tables)

TARGET INLINE void plane_row(const uint8_t *source, const uint8_t *labels, int color_plane, size_t columns,
                             uint8_t *out, const rm_overlay_palette *palette, int tables) {
  size_t x = 0;
  for (; x + 32 <= columns; x += 32) plane32(source + x, labels + x, palette, color_plane, tables, out + x);
  if (x < columns) {
    uint8_t values[32] = {0}, ids[32] = {0};
    memcpy(values, source + x, columns - x);
    memcpy(ids, labels + x, columns - x);
    plane32(values, ids, palette, color_plane, tables, values);
    memcpy(out + x, values, columns - x);
  }
}

TARGET void NAME(rm_pixels_overlay_plane)(const uint8_t *source, const uint8_t *labels, const rm_overlay_palette *palette,
                                      int color_plane, size_t columns, uint8_t *out) {
  WITH_TABLES(plane_row, palette, source, labels, color_plane, columns, out);
}

// 32 labels, of which the row has `left`; the last one stands for those behind it.
static inline void copy_labels(const uint8_t *from, size_t left, uint8_t to[32]) {
  memcpy(to, from, left);
  memset(to + left, to[left - 1], 32 - left);
}

TARGET INLINE void chroma_row(const uint8_t *source_u, const uint8_t *source_v, const uint8_t *upper,
                              const uint8_t *lower, size_t columns, uint8_t *out_u, uint8_t *out_v,
                              const rm_overlay_palette *palette, int tables) {
  size_t x = 0;
  for (; x + 32 <= columns; x += 32)
    chroma32(source_u + x / 2, source_v + x / 2, upper + x, lower + x, palette, tables, out_u + x / 2, out_v + x / 2);
  if (x < columns) {
    const size_t left = columns - x, samples = (left + 1) / 2;
    uint8_t above[32], below[32], u[16] = {0}, v[16] = {0};
    copy_labels(upper + x, left, above);
    copy_labels(lower + x, left, below);
    memcpy(u, source_u + x / 2, samples);
    memcpy(v, source_v + x / 2, samples);
    chroma32(u, v, above, below, palette, tables, u, v);
    memcpy(out_u + x / 2, u, samples);
    memcpy(out_v + x / 2, v, samples);
  }
}

TARGET void NAME(rm_pixels_overlay_chroma)(const uint8_t *source_u, const uint8_t *source_v, const uint8_t *upper_labels,
                                       const uint8_t *lower_labels, const rm_overlay_palette *palette,
                                       size_t label_columns, uint8_t *out_u, uint8_t *out_v) {
  WITH_TABLES(chroma_row, palette, source_u, source_v, upper_labels, lower_labels, label_columns, out_u, out_v);
}

TARGET INLINE void pairs_row(const uint8_t *source, const uint8_t *upper, const uint8_t *lower, size_t columns,
                             uint8_t *out, const rm_overlay_palette *palette, int tables) {
  size_t x = 0;
  for (; x + 32 <= columns; x += 32) pairs32(source + x, upper + x, lower + x, palette, tables, out + x);
  if (x < columns) {
    const size_t left = columns - x, bytes = (left + 1) / 2 * 2;
    uint8_t above[32], below[32], values[32] = {0};
    copy_labels(upper + x, left, above);
    copy_labels(lower + x, left, below);
    memcpy(values, source + x, bytes);
    pairs32(values, above, below, palette, tables, values);
    memcpy(out + x, values, bytes);
  }
}

TARGET void NAME(rm_pixels_overlay_chroma_pairs)(const uint8_t *source, const uint8_t *upper_labels,
                                             const uint8_t *lower_labels, const rm_overlay_palette *palette,
                                             size_t label_columns, uint8_t *out) {
  WITH_TABLES(pairs_row, palette, source, upper_labels, lower_labels, label_columns, out);
}
#undef WITH_TABLES
