// SPDX-License-Identifier: Apache-2.0
// Labels look up their alpha and colours in tables of 16 bytes (vpshufb), as many as the palette fills. A label
// outside a table gives 0 there, so tables hold the difference (xor) to the entry of the labels beyond all of
// them, and their answers are or-ed. Colours and source are moved to signed bytes,
// so that weights and values meet in vpmaddubsw without saturating: |128 * 128| at most, twice that for a pair
// of labels with colours alone.
#if defined(__x86_64__)
#include "../pixels.h"

#include <immintrin.h>
#include <string.h>

#define TARGET __attribute__((target("avx2")))
#include "../macros.h"

INLINE __m256i load(const void *from) { return _mm256_loadu_si256(from); }
INLINE void store(void *to, __m256i value) { _mm256_storeu_si256(to, value); }

// table[label] for 32 labels, table[255] from `tables` * 16 on.
INLINE __m256i look_up(__m256i labels, const uint8_t *table, int tables) {
  const __m256i beyond = _mm256_set1_epi8((char)table[255]);
  __m256i found = _mm256_setzero_si256();
  for (int i = 0; i < tables; i++) {
    const __m256i entries = _mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)(table + 16 * i)));
    const __m256i part = _mm256_xor_si256(entries, beyond);
    const __m256i index = _mm256_sub_epi8(labels, _mm256_set1_epi8((char)(16 * i)));
    // Beyond 15 the high bit gets set, which makes a shuffle give 0.
    const __m256i guarded = _mm256_adds_epu8(index, _mm256_set1_epi8(0x70));
    found = _mm256_or_si256(found, _mm256_shuffle_epi8(part, guarded));
  }
  return _mm256_xor_si256(found, beyond);
}

INLINE __m256i signed_bytes(__m256i bytes) { return _mm256_xor_si256(bytes, _mm256_set1_epi8((char)0x80)); }

INLINE void plane32(const uint8_t *source, const uint8_t *labels, const rm_overlay_palette *palette,
                         int color_plane, int tables, uint8_t *out) {
  const __m256i label = load(labels);
  const __m256i alpha = look_up(label, palette->alpha, tables);
  const __m256i color = signed_bytes(look_up(label, palette->colors[color_plane], tables));
  const __m256i value = signed_bytes(load(source));
  const __m256i rest = _mm256_sub_epi8(_mm256_set1_epi8((char)128), alpha);
  const __m256i low = _mm256_maddubs_epi16(_mm256_unpacklo_epi8(rest, alpha), _mm256_unpacklo_epi8(value, color));
  const __m256i high = _mm256_maddubs_epi16(_mm256_unpackhi_epi8(rest, alpha), _mm256_unpackhi_epi8(value, color));
  // (x * 256 + (1 << 14)) >> 15 is (x + 64) >> 7.
  const __m256i scale = _mm256_set1_epi16(256);
  const __m256i mixed = _mm256_packs_epi16(_mm256_mulhrs_epi16(low, scale), _mm256_mulhrs_epi16(high, scale));
  store(out, signed_bytes(mixed));
}

// Sixteen samples in words, each blended with what its labels ask for: rest = 512 - sum of alpha, and per label
// row the sum of colour * alpha.
INLINE __m256i covered16(__m256i samples, __m256i rest, __m256i upper, __m256i lower) {
  const __m256i ones = _mm256_set1_epi16(1), neutral = _mm256_set1_epi16(128);
  const __m256i one_and_half = _mm256_set1_epi32(1 | 256 << 16);
  const __m256i value = _mm256_sub_epi16(samples, neutral);
  const __m256i low = _mm256_add_epi32(
      _mm256_madd_epi16(_mm256_unpacklo_epi16(value, upper), _mm256_unpacklo_epi16(rest, ones)),
      _mm256_madd_epi16(_mm256_unpacklo_epi16(lower, ones), one_and_half));
  const __m256i high = _mm256_add_epi32(
      _mm256_madd_epi16(_mm256_unpackhi_epi16(value, upper), _mm256_unpackhi_epi16(rest, ones)),
      _mm256_madd_epi16(_mm256_unpackhi_epi16(lower, ones), one_and_half));
  const int shift = RM_ALPHA_BITS + 2;
  return _mm256_add_epi16(_mm256_packs_epi32(_mm256_srai_epi32(low, shift), _mm256_srai_epi32(high, shift)), neutral);
}

typedef struct {
  __m256i u, v;
} chroma16;

// The chroma of 32 columns of labels.
INLINE chroma16 chroma(__m256i u, __m256i v, const uint8_t *upper_labels, const uint8_t *lower_labels,
                            const rm_overlay_palette *palette, int tables) {
  const __m256i ones = _mm256_set1_epi8(1);
  const __m256i upper = load(upper_labels), lower = load(lower_labels);
  const __m256i alpha0 = look_up(upper, palette->alpha, tables), alpha1 = look_up(lower, palette->alpha, tables);
  const __m256i alphas = _mm256_add_epi16(_mm256_maddubs_epi16(alpha0, ones), _mm256_maddubs_epi16(alpha1, ones));
  const __m256i rest = _mm256_sub_epi16(_mm256_set1_epi16(512), alphas);
  const __m256i u0 = signed_bytes(look_up(upper, palette->colors[1], tables));
  const __m256i u1 = signed_bytes(look_up(lower, palette->colors[1], tables));
  const __m256i v0 = signed_bytes(look_up(upper, palette->colors[2], tables));
  const __m256i v1 = signed_bytes(look_up(lower, palette->colors[2], tables));
  return (chroma16){
      covered16(u, rest, _mm256_maddubs_epi16(alpha0, u0), _mm256_maddubs_epi16(alpha1, u1)),
      covered16(v, rest, _mm256_maddubs_epi16(alpha0, v0), _mm256_maddubs_epi16(alpha1, v1)),
  };
}

INLINE void chroma32(const uint8_t *source_u, const uint8_t *source_v, const uint8_t *upper,
                          const uint8_t *lower, const rm_overlay_palette *palette, int tables, uint8_t *out_u,
                          uint8_t *out_v) {
  const __m256i u = _mm256_cvtepu8_epi16(_mm_loadu_si128((const void *)source_u));
  const __m256i v = _mm256_cvtepu8_epi16(_mm_loadu_si128((const void *)source_v));
  const chroma16 mixed = chroma(u, v, upper, lower, palette, tables);
  const __m256i bytes = _mm256_permute4x64_epi64(_mm256_packus_epi16(mixed.u, mixed.v), 0xd8);
  _mm_storeu_si128((void *)out_u, _mm256_castsi256_si128(bytes));
  _mm_storeu_si128((void *)out_v, _mm256_extracti128_si256(bytes, 1));
}

INLINE void pairs32(const uint8_t *source, const uint8_t *upper, const uint8_t *lower,
                         const rm_overlay_palette *palette, int tables, uint8_t *out) {
  const __m256i both = load(source);
  const __m256i u = _mm256_and_si256(both, _mm256_set1_epi16(255)), v = _mm256_srli_epi16(both, 8);
  const chroma16 mixed = chroma(u, v, upper, lower, palette, tables);
  store(out, _mm256_or_si256(mixed.u, _mm256_slli_epi16(mixed.v, 8)));
}

#include "../vector/pixels_overlay.inc"

TARGET void rm_pixels_overlay_chroma__avx2(const uint8_t *source_u, const uint8_t *source_v,
                                           const uint8_t *upper_labels, const uint8_t *lower_labels,
                                           const rm_overlay_palette *palette, size_t label_columns, uint8_t *out_u,
                                           uint8_t *out_v) {
  overlay_chroma_kernel(source_u, source_v, upper_labels, lower_labels, palette, label_columns, out_u, out_v);
}

TARGET void rm_pixels_overlay_chroma_pairs__avx2(const uint8_t *source, const uint8_t *upper_labels,
                                                 const uint8_t *lower_labels, const rm_overlay_palette *palette,
                                                 size_t label_columns, uint8_t *out) {
  overlay_chroma_pairs_kernel(source, upper_labels, lower_labels, palette, label_columns, out);
}

TARGET void rm_pixels_overlay_plane__avx2(const uint8_t *source, const uint8_t *labels,
                                          const rm_overlay_palette *palette, int color_plane, size_t columns,
                                          uint8_t *out) {
  overlay_plane_kernel(source, labels, palette, color_plane, columns, out);
}

#endif
