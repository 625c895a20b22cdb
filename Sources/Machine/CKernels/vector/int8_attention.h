// SPDX-License-Identifier: Apache-2.0
// Attention, by parts of an instruction set. Included behind ISA, NAME(kernel), LOCAL_DEPTH and DEPTH_STEP (the depth,
// and what it must be a multiple of, that the parts of local and global attention take; other depths go to the scalar
// kernel), and in front of the five functions declared here.

// ---- Local: the four pixels of a coarse cell together ---------------------------------------------------------------

// Of every key of the region, cells[r] or -1 beyond the border: steps[r * 4 + sub].
ISA static void local_steps(const rm_int8_local_attention_call *call, const uint8_t *const query[4],
                            const ptrdiff_t *cells, int32_t *steps);
// The softmax of rm_int8_weigh for four pixels: steps[r * 4 + sub] become weights.
ISA static void local_weights(const rm_int8_local_attention_call *call, int32_t count, int32_t *steps);
ISA static void local_mix(const rm_int8_local_attention_call *call, const ptrdiff_t *cells, const int32_t *weights,
                          uint8_t *const out[4]);

ISA void NAME(rm_int8_local_attention)(const rm_int8_local_attention_call *call, ptrdiff_t row_begin,
                                       ptrdiff_t row_end) {
  if (call->depth != LOCAL_DEPTH) {
    rm_int8_local_attention__scalar(call, row_begin, row_end);
    return;
  }
  const int32_t reach = call->region / 2, count = call->region * call->region;
  const ptrdiff_t wide = (ptrdiff_t)call->columns * 2;
  for (int32_t row = (int32_t)row_begin; row < row_end; row++) {
    for (int32_t column = 0; column < call->columns; column++) {
      ptrdiff_t cells[RM_INT8_LOCAL_CELLS];
      for (int32_t r = 0; r < count; r++) {
        const int32_t y = row + r / call->region - reach, x = column + r % call->region - reach;
        const int beyond = y < 0 || y >= call->rows || x < 0 || x >= call->columns;
        cells[r] = beyond ? -1 : (ptrdiff_t)y * call->columns + x;
      }
      const ptrdiff_t first = row * 2 * wide + column * 2;
      const ptrdiff_t pixels[4] = {first, first + 1, first + wide, first + wide + 1};
      const uint8_t *query[4];
      uint8_t *out[4];
      for (int sub = 0; sub < 4; sub++) {
        query[sub] = call->query + pixels[sub] * call->query_pixel;
        out[sub] = call->out + pixels[sub] * call->out_pixel;
      }
      int32_t steps[RM_INT8_LOCAL_CELLS * 4];
      local_steps(call, query, cells, steps);
      local_weights(call, count, steps);
      local_mix(call, cells, steps, out);
    }
  }
}

// ---- Global: four pixels share what is read of keys and values ------------------------------------------------------

// Steps of up to KEPT keys are worked out once, of more twice: for the largest, and for the weights. Sums of a BLOCK
// of weights times values are 32 bits wide: 32767 * 255 * 256 stays within s32. Behind the last, weights are zero up
// to a multiple of ROUND.
enum { GROUP = 4, BLOCK = 256, ROUND = 8, DEEPEST = 128, KEPT = 4096 };

typedef struct {
  int16_t query[GROUP][DEEPEST];
  int32_t largest[GROUP];
  int64_t sums[GROUP];
  int64_t totals[GROUP][RM_INT8_ATTENTION_CHANNELS];
  int32_t steps[KEPT][GROUP];
  uint16_t weights[GROUP][BLOCK];
} group;

// The steps of `count` keys from `first` on.
ISA static void group_steps(const rm_int8_global_attention_call *call, const group *g, int32_t first, int32_t count,
                            int32_t (*out)[GROUP]);
// Adds weight * value of a block to the totals.
ISA static void group_mix(const rm_int8_global_attention_call *call, group *g, int32_t first, int32_t count);

ISA static void group_run(const rm_int8_global_attention_call *call, group *g, ptrdiff_t pixel, int32_t pixels) {
  for (int j = 0; j < GROUP; j++) {
    const uint8_t *query = call->query + (pixel + (j < pixels ? j : 0)) * call->query_pixel;
    for (int32_t i = 0; i < call->depth; i++) g->query[j][i] = (int16_t)(query[i] - call->query_zero);
    g->largest[j] = INT32_MIN;
    g->sums[j] = 0;
    for (int32_t c = 0; c < call->channels; c++) g->totals[j][c] = 0;
  }
  const int kept = call->pixels <= KEPT;
  for (int32_t n = 0; n < call->pixels; n += BLOCK) {
    const int32_t count = call->pixels - n < BLOCK ? call->pixels - n : BLOCK;
    int32_t(*steps)[GROUP] = g->steps + (kept ? n : 0);
    group_steps(call, g, n, count, steps);
    for (int32_t i = 0; i < count; i++)
      for (int j = 0; j < GROUP; j++) g->largest[j] = steps[i][j] > g->largest[j] ? steps[i][j] : g->largest[j];
  }
  for (int32_t n = 0; n < call->pixels; n += BLOCK) {
    const int32_t count = call->pixels - n < BLOCK ? call->pixels - n : BLOCK;
    int32_t(*steps)[GROUP] = g->steps + (kept ? n : 0);
    if (!kept) group_steps(call, g, n, count, steps);
    for (int j = 0; j < GROUP; j++) {
      int32_t sum = 0;
      for (int32_t i = 0; i < count; i++) {
        const int32_t below = g->largest[j] - steps[i][j];
        sum += g->weights[j][i] = below < RM_INT8_EXPONENTS ? call->table[below] : 0;
      }
      for (int32_t i = count; i % ROUND; i++) g->weights[j][i] = 0;
      g->sums[j] += sum;
    }
    group_mix(call, g, n, count);
  }
  for (int32_t j = 0; j < pixels; j++) {
    uint8_t *out = call->out + (pixel + j) * call->out_pixel;
    for (int32_t c = 0; c < call->channels; c++) out[c] = (uint8_t)((g->totals[j][c] + g->sums[j] / 2) / g->sums[j]);
  }
}

ISA void NAME(rm_int8_global_attention)(const rm_int8_global_attention_call *call, ptrdiff_t begin, ptrdiff_t end) {
  if (call->depth % DEPTH_STEP || call->depth > DEEPEST) {
    rm_int8_global_attention__scalar(call, begin, end);
    return;
  }
  group g;
  for (ptrdiff_t p = begin; p < end; p += GROUP) group_run(call, &g, p, end - p < GROUP ? (int32_t)(end - p) : GROUP);
}
