// SPDX-License-Identifier: Apache-2.0
// Rows of labels, a step of outputs at a time. Included behind
//   NAME(kernel), LOWER(kernel)  names of the kernels here, and of those that take what a step cannot
//   TARGET                       their attribute
//   F32_STEP, F32_LANES          outputs of a step, and of a vector in it: one load holds as many logits, behind
//   S16_STEP, S16_LANES          the first output's
//   winners_f32(lerped, stride, classes, first, fraction, labels) and winners_s16(…, labels, is_exact): a step
// Rows end in an overlapping step.

// 1 where each vector's outputs lie within the logits that it loads.
static inline int is_dense(const int32_t *first, int step, int lanes) {
  int32_t most = 0;
  for (int i = 0; i < step; i += lanes) {
    const int32_t spread = first[i + lanes - 1] - first[i];
    most = spread > most ? spread : most;
  }
  return most < lanes;
}

TARGET void NAME(rm_pixels_argmax_f32)(const float *lerped, size_t stride, int classes, const int32_t *first,
                                const float *fraction, size_t columns, uint8_t *labels) {
  if (columns < F32_STEP) {
    LOWER(rm_pixels_argmax_f32)(lerped, stride, classes, first, fraction, columns, labels);
    return;
  }
  for (size_t begin = 0; begin < columns; begin += F32_STEP) {
    const size_t x = begin + F32_STEP <= columns ? begin : columns - F32_STEP;
    if (is_dense(first + x, F32_STEP, F32_LANES))
      winners_f32(lerped, stride, classes, first + x, fraction + x, labels + x);
    else
      LOWER(rm_pixels_argmax_f32)(lerped, stride, classes, first + x, fraction + x, F32_STEP, labels + x);
  }
}

#define S16_ARGMAX(kernel, is_exact)                                                                                 \
  TARGET void NAME(kernel)(const int16_t *lerped, size_t stride, int classes, const int32_t *first,                  \
                           const int16_t *fraction, size_t columns, uint8_t *labels) {                               \
    if (columns < S16_STEP) {                                                                                        \
      LOWER(kernel)(lerped, stride, classes, first, fraction, columns, labels);                                      \
      return;                                                                                                        \
    }                                                                                                                \
    for (size_t begin = 0; begin < columns; begin += S16_STEP) {                                                     \
      const size_t x = begin + S16_STEP <= columns ? begin : columns - S16_STEP;                                     \
      if (is_dense(first + x, S16_STEP, S16_LANES))                                                                  \
        winners_s16(lerped, stride, classes, first + x, fraction + x, labels + x, is_exact);                         \
      else                                                                                                           \
        LOWER(kernel)(lerped, stride, classes, first + x, fraction + x, S16_STEP, labels + x);                       \
    }                                                                                                                \
  }
S16_ARGMAX(rm_pixels_argmax_exact_s16, 1)
S16_ARGMAX(rm_pixels_argmax_q15_s16, 0)
#undef S16_ARGMAX
