// SPDX-License-Identifier: Apache-2.0
// 3x3 convolution without a dot-product instruction, as F(2x2, 3x3) of Winograd (Lavin and Gray, arXiv 1509.09308) in
// exact integers: 16 products for 4 outputs where the plain form takes 36.
//
// A tile is 2 x 2 outputs. Its 4 x 4 inputs d become V = B'dB, 11 bits and a sign; weights g become U = 4 GgG', 12 bits
// with theirs. Sums over channels of U * V are 16 matrix products by pmaddwd; A'MA of those is four times the
// convolution, and a shift by two bits, which are zero, leaves it. Sums stay far below 2^31 for 256 channels.
// A block of tiles is turned into V once and then multiplied with panels of up to 24 output channels.
//
// Packed: for each panel bias, multiplier [vectors * 8], weights [16][channels / 2][vectors][8 lanes] s16 pairs.
#if defined(__x86_64__)
#define TARGET __attribute__((target("avx2,fma")))
#include "../macros.h"
#include "int8_ymm.inc"

#include "int8_winograd_avx2.h"

enum { TILES = 24, WIDEST = 3, POSITIONS = 16, MOST_CHANNELS = 256 };

int rm_int8_winograd_fits(const rm_int8_conv_shape *s) {
  return s->kernel_rows == 3 && s->kernel_columns == 3 && s->stride_rows == 1 && s->stride_columns == 1 &&
         s->dilation_rows == 1 && s->dilation_columns == 1 && s->in_channels % 16 == 0 && s->in_channels >= 32 &&
         s->in_channels <= MOST_CHANNELS && s->out_channels >= 16;
}

// Vectors of the panel that begins where `left` are left: three, but never one alone at the end.
static int32_t panel_vectors(int32_t left) { return left == 4 || left == 2 ? 2 : left == 1 ? 1 : WIDEST; }

static size_t panel_bytes(int32_t vectors, int32_t channels) {
  return (size_t)vectors * 8 * (8 + 2 * POSITIONS * (size_t)channels);
}

size_t rm_int8_winograd_packed_bytes(const rm_int8_conv_shape *s) {
  return panel_bytes((s->out_channels + 7) / 8, s->in_channels) + RM_INT8_OVERREAD;
}

// 4 GgG' of the 3 x 3 weights g, `step` apart.
static void turn_weights(const int8_t *g, ptrdiff_t step, int16_t u[POSITIONS]) {
  static const int G[4][3] = {{2, 0, 0}, {1, 1, 1}, {1, -1, 1}, {0, 0, 2}};
  for (int i = 0; i < 4; i++) {
    for (int j = 0; j < 4; j++) {
      int sum = 0;
      for (int y = 0; y < 3; y++)
        for (int x = 0; x < 3; x++) sum += G[i][y] * G[j][x] * g[(3 * y + x) * step];
      u[4 * i + j] = (int16_t)sum;
    }
  }
}

void rm_int8_winograd_pack(const rm_int8_conv_shape *s, const rm_int8_conv_weights *from, void *packed) {
  const int32_t channels = s->in_channels;
  uint8_t *at = packed;
  memset(packed, 0, rm_int8_winograd_packed_bytes(s));
  for (int32_t first = 0; first < s->out_channels;) {
    const int32_t vectors = panel_vectors((s->out_channels - first + 7) / 8), lanes = vectors * 8;
    int32_t *bias = (int32_t *)at;
    float *multiplier = (float *)(bias + lanes);
    int16_t *weights = (int16_t *)(multiplier + lanes);
    for (int32_t i = 0; i < lanes && first + i < s->out_channels; i++) {
      const int8_t *w = from->weights + (ptrdiff_t)(first + i) * 9 * channels;
      uint32_t sum = from->bias ? (uint32_t)from->bias[first + i] : 0;
      for (int32_t k = 0; k < 9 * channels; k++) sum -= (uint32_t)(from->in_zero * w[k]);
      for (int32_t c = 0; c < channels; c++) {
        int16_t u[POSITIONS];
        turn_weights(w + c, channels, u);
        for (ptrdiff_t p = 0; p < POSITIONS; p++)
          weights[((p * channels / 2 + c / 2) * lanes + i) * 2 + c % 2] = u[p];
      }
      bias[i] = (int32_t)sum;
      multiplier[i] = from->multiplier[first + i];
    }
    at += panel_bytes(vectors, channels);
    first += lanes;
  }
}

// B'dB for 16 channels of one tile; v: `step` elements from a position to the next.
INLINE void turn_inputs(const uint8_t *const d[POSITIONS], ptrdiff_t channel, int16_t *v, ptrdiff_t step) {
  __m256i t[POSITIONS];
UNROLL
  for (int x = 0; x < 4; x++) {
    __m256i e[4];
UNROLL
    for (int y = 0; y < 4; y++) e[y] = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(d[4 * y + x] + channel)));
    t[x] = _mm256_sub_epi16(e[0], e[2]);
    t[4 + x] = _mm256_add_epi16(e[1], e[2]);
    t[8 + x] = _mm256_sub_epi16(e[2], e[1]);
    t[12 + x] = _mm256_sub_epi16(e[1], e[3]);
  }
UNROLL
  for (int i = 0; i < 4; i++) {
    const __m256i *r = t + 4 * i;
    int16_t *to = v + 4 * i * step;
    _mm256_storeu_si256((__m256i *)to, _mm256_sub_epi16(r[0], r[2]));
    _mm256_storeu_si256((__m256i *)(to + step), _mm256_add_epi16(r[1], r[2]));
    _mm256_storeu_si256((__m256i *)(to + 2 * step), _mm256_sub_epi16(r[2], r[1]));
    _mm256_storeu_si256((__m256i *)(to + 3 * step), _mm256_sub_epi16(r[1], r[3]));
  }
}

// One position of `tiles` tiles with `vectors` vectors of output channels; sums go to [tile][position][vectors].
INLINE void multiply(const int16_t *v, ptrdiff_t channels, const __m256i *w, int32_t *m, const int tiles,
                         const int vectors) {
  __m256i sum[8][WIDEST];
UNROLL
  for (int t = 0; t < tiles; t++)
UNROLL
    for (int i = 0; i < vectors; i++) sum[t][i] = _mm256_setzero_si256();
  for (ptrdiff_t c = 0; c < channels; c += 2, w += vectors) {
UNROLL
    for (int t = 0; t < tiles; t++) {
      int32_t pair;
      memcpy(&pair, v + t * channels + c, 4);
      const __m256i both = _mm256_set1_epi32(pair);
UNROLL
      for (int i = 0; i < vectors; i++) {
        // Weights as memory operands: no register is left for them.
        __m256i products;
        __asm__("vpmaddwd %2, %1, %0" : "=x"(products) : "x"(both), "m"(w[i]));
        sum[t][i] = _mm256_add_epi32(sum[t][i], products);
      }
    }
  }
UNROLL
  for (int t = 0; t < tiles; t++)
UNROLL
    for (int i = 0; i < vectors; i++)
      _mm256_storeu_si256((__m256i *)(m + (ptrdiff_t)t * POSITIONS * 8 * vectors) + i, sum[t][i]);
}

// Four outputs of a tile for 8 channels: A'MA / 4.
INLINE void turn_sums(const int32_t *m, ptrdiff_t step, __m256i bias, __m256i y[4]) {
  __m256i t[8];
UNROLL
  for (int x = 0; x < 4; x++) {
    __m256i e[4];
UNROLL
    for (int i = 0; i < 4; i++) e[i] = _mm256_loadu_si256((const __m256i *)(m + (4 * i + x) * step));
    const __m256i sum = _mm256_add_epi32(e[1], e[2]), difference = _mm256_sub_epi32(e[1], e[2]);
    t[x] = _mm256_add_epi32(e[0], sum);
    t[4 + x] = _mm256_sub_epi32(difference, e[3]);
  }
UNROLL
  for (int i = 0; i < 2; i++) {
    const __m256i *r = t + 4 * i;
    const __m256i sum = _mm256_add_epi32(r[1], r[2]), difference = _mm256_sub_epi32(r[1], r[2]);
    y[2 * i] = _mm256_add_epi32(_mm256_srai_epi32(_mm256_add_epi32(r[0], sum), 2), bias);
    y[2 * i + 1] = _mm256_add_epi32(_mm256_srai_epi32(_mm256_sub_epi32(difference, r[3]), 2), bias);
  }
}

typedef struct {
  int32_t row, column;  // of its first output
} place;

INLINE void store_tile(const rm_int8_conv_call *call, place at, int32_t row_end, ptrdiff_t channel, int32_t count,
                           __m256i bytes) {
  const rm_int8_conv_shape *s = &call->shape;
  for (int i = 0; i < 4; i++) {
    const int32_t row = at.row + i / 2, column = at.column + i % 2;
    if (row >= row_end || column >= s->out_columns) continue;
    const ptrdiff_t pixel = (ptrdiff_t)row * s->out_columns + column;
    __m256i part = bytes;
    if (i == 1) part = _mm256_permute4x64_epi64(bytes, 1);
    if (i == 2) part = _mm256_permute4x64_epi64(bytes, 2);
    if (i == 3) part = _mm256_permute4x64_epi64(bytes, 3);
    if (call->residual) {
      const uint8_t *residual = call->residual + pixel * call->residual_pixel + channel;
      part = rm_combine32(part, _mm256_castsi128_si256(_mm_loadl_epi64((const __m128i *)residual)), &call->join);
    }
    uint8_t *out = call->out + pixel * call->out_pixel + channel;
    if (count >= 8)
      _mm_storel_epi64((__m128i *)out, _mm256_castsi256_si128(part));
    else
      rm_store32(out, part, count);
  }
}

// All positions of a panel for `tiles` tiles at a time, out of `count`.
#define PRODUCTS(tiles, vectors)                                                                               \
  for (ptrdiff_t p = 0; p < POSITIONS; p++)                                                                    \
    for (ptrdiff_t t = 0; t < count; t += tiles)                                                               \
  multiply(v + (p * TILES + t) * channels, channels, weights + p * channels / 2 * vectors,                     \
           m + (t * POSITIONS + p) * 8 * vectors, tiles, vectors)

static TARGET void products3(const int16_t *v, ptrdiff_t channels, const __m256i *weights, int32_t *m, int32_t count) {
  PRODUCTS(4, 3);
}
static TARGET void products2(const int16_t *v, ptrdiff_t channels, const __m256i *weights, int32_t *m, int32_t count) {
  PRODUCTS(6, 2);
}
static TARGET void products1(const int16_t *v, ptrdiff_t channels, const __m256i *weights, int32_t *m, int32_t count) {
  PRODUCTS(8, 1);
}

static TARGET void run_block(const rm_int8_conv_call *call, const place *places, int32_t count, int32_t row_end,
                          int16_t *v, int32_t *m) {
  const rm_int8_conv_shape *s = &call->shape;
  const ptrdiff_t channels = s->in_channels;
  for (int32_t t = 0; t < count; t++) {
    const uint8_t *d[POSITIONS];
    for (int i = 0; i < POSITIONS; i++) {
      const int32_t y = places[t].row - s->pad_top + i / 4, x = places[t].column - s->pad_left + i % 4;
      const int outside = y < 0 || y >= s->in_rows || x < 0 || x >= s->in_columns;
      d[i] = outside ? call->pad : call->in + ((ptrdiff_t)y * s->in_columns + x) * call->in_pixel;
    }
    for (ptrdiff_t c = 0; c < channels; c += 16) turn_inputs(d, c, v + t * channels + c, TILES * channels);
  }
  const rm_rule32 rule = rm_make_rule32(call->out_zero, call->low, call->high);
  const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  const uint8_t *at = call->packed;
  for (int32_t first = 0; first < s->out_channels;) {
    const int32_t vectors = panel_vectors((s->out_channels - first + 7) / 8), lanes = vectors * 8;
    const int32_t *bias = (const int32_t *)at;
    const float *multiplier = (const float *)(bias + lanes);
    const __m256i *weights = (const __m256i *)(multiplier + lanes);
    (vectors == 3 ? products3 : vectors == 2 ? products2 : products1)(v, channels, weights, m, count);
    for (int32_t t = 0; t < count; t++) {
      for (int32_t i = 0; i < vectors && first + 8 * i < s->out_channels; i++) {
        __m256i y[4];
        turn_sums(m + (ptrdiff_t)t * POSITIONS * lanes + 8 * i, lanes,
                  _mm256_loadu_si256((const __m256i *)bias + i), y);
        const rm_multiplier32 scale = {{_mm256_loadu_ps(multiplier + 8 * i), _mm256_loadu_ps(multiplier + 8 * i),
                                        _mm256_loadu_ps(multiplier + 8 * i), _mm256_loadu_ps(multiplier + 8 * i)}};
        const __m256i bytes = _mm256_permutevar8x32_epi32(rm_requantize32(y, scale.each, &rule), order);
        store_tile(call, places[t], row_end, first + 8 * i, s->out_channels - first - 8 * i, bytes);
      }
    }
    at += panel_bytes(vectors, s->in_channels);
    first += lanes;
  }
}

TARGET void rm_int8_winograd_run(const rm_int8_conv_call *call, ptrdiff_t row_begin, ptrdiff_t row_end) {
  const rm_int8_conv_shape *s = &call->shape;
  int16_t v[POSITIONS * TILES * MOST_CHANNELS] __attribute__((aligned(64)));
  int32_t m[TILES * POSITIONS * 8 * WIDEST] __attribute__((aligned(64)));
  place places[TILES];
  int32_t count = 0;
  for (int32_t row = (int32_t)row_begin; row < row_end; row += 2) {
    for (int32_t column = 0; column < s->out_columns; column += 2) {
      places[count++] = (place){row, column};
      if (count == TILES) run_block(call, places, count, (int32_t)row_end, v, m), count = 0;
    }
  }
  if (count) run_block(call, places, count, (int32_t)row_end, v, m);
}
#endif
