// SPDX-License-Identifier: Apache-2.0
// Functions of one byte, 64 at a time: four registers hold the 256 results. A change of scale is such a function too.
#if defined(__x86_64__)
#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi")))
#include "../macros.h"

#include <immintrin.h>

#include "../int8.h"

typedef struct {
  __m512i results[4];
} lookup;

INLINE lookup make_lookup(const uint8_t table[256]) {
  lookup l;
  for (int i = 0; i < 4; i++) l.results[i] = _mm512_loadu_si512(table + 64 * i);
  return l;
}

INLINE __m512i looked_up(__m512i x, const lookup *l) {
  const __m512i lower = _mm512_permutex2var_epi8(l->results[0], x, l->results[1]);
  const __m512i upper = _mm512_permutex2var_epi8(l->results[2], x, l->results[3]);
  return _mm512_mask_blend_epi8(_mm512_movepi8_mask(x), lower, upper);
}

TARGET void rm_int8_table__avx512vbmi(const rm_int8_table_call *call, ptrdiff_t row_begin, ptrdiff_t row_end) {
  rm_int8_table_expect(call, row_begin, row_end);
  const lookup l = make_lookup(call->table);
  const int dense = call->in_pixel == call->channels && call->out_pixel == call->channels;
  const ptrdiff_t first = row_begin * call->columns, pixels = (row_end - row_begin) * call->columns;
  const ptrdiff_t count = dense ? pixels > 0 : pixels, length = dense ? pixels * call->channels : call->channels;
  for (ptrdiff_t p = first; p < first + count; p++) {
    const uint8_t *in = call->in + p * call->in_pixel;
    uint8_t *out = call->out + p * call->out_pixel;
    ptrdiff_t i = 0;
    for (; i + 64 <= length; i += 64) _mm512_storeu_si512(out + i, looked_up(_mm512_loadu_si512(in + i), &l));
    const __mmask64 rest = ((__mmask64)1 << (length - i)) - 1;
    if (rest) _mm512_mask_storeu_epi8(out + i, rest, looked_up(_mm512_loadu_si512(in + i), &l));
  }
}

void rm_int8_combine__avx512vbmi(const rm_int8_combine_call *call, ptrdiff_t row_begin, ptrdiff_t row_end) {
  rm_int8_combine_expect(call, row_begin, row_end);
  if (call->b) {
    rm_int8_combine__avx512vnni(call, row_begin, row_end);
    return;
  }
  rm_int8_table_call table = {call->a, call->out, call->a_pixel, call->out_pixel, call->columns, call->channels, {0}};
  for (int32_t i = 0; i < 256; i++) table.table[i] = rm_int8_apply(&call->rule, i, 0);
  rm_int8_table__avx512vbmi(&table, row_begin, row_end);
}
#endif
