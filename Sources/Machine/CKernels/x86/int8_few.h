// SPDX-License-Identifier: Apache-2.0
// Dense convolution to few output channels: vectors run along the terms of one output channel instead of along
// channels, of which most lanes would be empty. Included once for each instruction set, which defines ISA, FEW_BYTES
// (terms in a vector) and
//   few_vec few_load(const uint8_t *), few_part(const uint8_t *, int32_t terms)    the latter with zeros behind
//   few_vec few_dot(few_vec sum, few_vec x, few_vec weights)
//   __m128i few_sums(const few_vec sum[4])                                         the sum of each
//
// Panels are single channels (lanes = 1 in int8_tiles.h), so that a segment's weights are contiguous bytes.
// Four pixels share the loads of weights.
static ISA void run_few(const rm_int8_tile *t) {
  few_vec sum[4];
#pragma unroll
  for (int p = 0; p < 4; p++) sum[p] = few_none();
  const uint8_t *w = t->weights;
  const uint8_t *const *segment = t->segments;
  const int32_t terms = 4 * t->groups;
  for (int32_t s = 0; s < t->segment_count; s++, segment += t->stride, w += terms) {
    int32_t k = 0;
    for (; k + FEW_BYTES <= terms; k += FEW_BYTES) {
      const few_vec weights = few_load(w + k);
#pragma unroll
      for (int p = 0; p < 4; p++) sum[p] = few_dot(sum[p], few_load(segment[p] + k), weights);
    }
    if (k < terms) {
      const few_vec weights = few_part(w + k, terms - k);
#pragma unroll
      for (int p = 0; p < 4; p++) sum[p] = few_dot(sum[p], few_part(segment[p] + k, terms - k), weights);
    }
  }
  const rm_int8_conv_call *call = t->call;
  const __m128i total = _mm_add_epi32(few_sums(sum), _mm_set1_epi32(*t->bias));
  const __m128 limit = _mm_set1_ps((float)(call->high - call->out_zero));
  const __m128 scaled = _mm_min_ps(_mm_mul_ps(_mm_cvtepi32_ps(total), _mm_set1_ps(*t->multiplier)), limit);
  const __m128i words = _mm_adds_epi16(_mm_packs_epi32(_mm_cvtps_epi32(scaled), _mm_setzero_si128()),
                                       _mm_set1_epi16((int16_t)call->out_zero));
  const __m128i bytes = _mm_max_epu8(_mm_packus_epi16(words, words), _mm_set1_epi8((char)call->low));
  uint32_t four = (uint32_t)_mm_cvtsi128_si32(bytes);
  for (int32_t p = 0; p < t->pixels; p++, four >>= 8) {
    uint8_t q = (uint8_t)four;
    if (t->residual) q = rm_int8_apply(&call->join, q, t->residual[p * call->residual_pixel]);
    t->out[p * call->out_pixel] = q;
  }
}

static const rm_int8_tiles few_tiles =
    {.lanes = 1, .chunk = 1, .most_vectors = 1, .pixels = {0, 4}, .run = {NULL, run_few}};

// Up to four channels, of terms that fill vectors.
static const rm_int8_tiles *choose_tiles(const rm_int8_tiles *tiles, const rm_int8_conv_shape *s) {
  return s->out_channels <= 4 && s->in_channels >= 32 ? &few_tiles : tiles;
}
