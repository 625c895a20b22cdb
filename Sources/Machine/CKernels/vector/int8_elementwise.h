// SPDX-License-Identifier: Apache-2.0
// COMBINE and products of two maps. Maps without gaps are one long run; else each pixel is a run of its own. The last
// bytes of a run are computed from a whole vector and stored one part at a time, so that in-place calls stay right.
// Included behind ISA, NAME(kernel), `bytes` of GROUP numbers with load_bytes, all_bytes and store_bytes, and
//   bytes combined(bytes a, bytes b, const rm_int8_combine *)
//   factors make_factors(const rm_int8_mul_call *), bytes multiplied(bytes a, bytes b, const factors *)

// Pixels of rows [begin, end) as `count` runs of `length` bytes.
typedef struct {
  ptrdiff_t first, count, length;
} runs;

static runs find_runs(int dense, ptrdiff_t row_begin, ptrdiff_t row_end, int32_t columns, int32_t channels) {
  const ptrdiff_t first = row_begin * columns, count = (row_end - row_begin) * columns;
  return dense ? (runs){first, count > 0, count * channels} : (runs){first, count, channels};
}

ISA void NAME(rm_int8_combine)(const rm_int8_combine_call *call, ptrdiff_t row_begin, ptrdiff_t row_end) {
  rm_int8_combine rule = call->rule;
  if (!call->b) rule.multiplier_b = 0;
  const uint8_t *b_map = call->b ? call->b : call->a;
  const ptrdiff_t b_pixel = call->b ? call->b_pixel : call->a_pixel;
  const int dense = call->a_pixel == call->channels && b_pixel == call->channels && call->out_pixel == call->channels;
  const runs r = find_runs(dense, row_begin, row_end, call->columns, call->channels);
  for (ptrdiff_t p = r.first; p < r.first + r.count; p++) {
    const uint8_t *a = call->a + p * call->a_pixel, *b = b_map + p * b_pixel;
    uint8_t *out = call->out + p * call->out_pixel;
    for (ptrdiff_t i = 0; i < r.length; i += GROUP)
      store_bytes(out + i, combined(load_bytes(a + i), load_bytes(b + i), &rule), r.length - i);
  }
}

ISA void NAME(rm_int8_mul)(const rm_int8_mul_call *call, ptrdiff_t row_begin, ptrdiff_t row_end) {
  const factors f = make_factors(call);
  const int by_pixel = call->b_shape == RM_INT8_PIXELS;
  const int dense = call->b_shape == RM_INT8_SAME && call->a_pixel == call->channels &&
                    call->b_pixel == call->channels && call->out_pixel == call->channels;
  const runs r = find_runs(dense, row_begin, row_end, call->columns, call->channels);
  for (ptrdiff_t p = r.first; p < r.first + r.count; p++) {
    const uint8_t *a = call->a + p * call->a_pixel;
    const uint8_t *b = call->b_shape == RM_INT8_CHANNELS ? call->b : call->b + p * call->b_pixel;
    uint8_t *out = call->out + p * call->out_pixel;
    const bytes pixel_weight = all_bytes(*b);
    for (ptrdiff_t i = 0; i < r.length; i += GROUP) {
      const bytes weight = by_pixel ? pixel_weight : load_bytes(b + i);
      store_bytes(out + i, multiplied(load_bytes(a + i), weight, &f), r.length - i);
    }
  }
}
