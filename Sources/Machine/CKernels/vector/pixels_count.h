// SPDX-License-Identifier: Apache-2.0
// Labels come in long runs: 32 equal ones count at once, others one by one. Included behind NAME(kernel), TARGET and
//   int is_uniform32(const uint8_t *labels)  1 where 32 labels are equal

TARGET void NAME(rm_pixels_histogram)(const uint8_t *labels, size_t columns, uint64_t *counts) {
  size_t x = 0;
  for (; x + 32 <= columns; x += 32) {
    if (is_uniform32(labels + x))
      counts[labels[x]] += 32;
    else
      rm_pixels_histogram__scalar(labels + x, 32, counts);
  }
  rm_pixels_histogram__scalar(labels + x, columns - x, counts);
}

TARGET void NAME(rm_pixels_confusion)(const uint8_t *predicted, const uint8_t *truth, size_t columns, int classes,
                                  uint64_t *counts) {
  const size_t row = (size_t)classes + 1;
  size_t x = 0;
  for (; x + 32 <= columns; x += 32) {
    if (is_uniform32(predicted + x) && is_uniform32(truth + x)) {
      if (truth[x] < classes)
        counts[truth[x] * row + (predicted[x] < classes ? predicted[x] : (size_t)classes)] += 32;
    } else {
      rm_pixels_confusion__scalar(predicted + x, truth + x, 32, classes, counts);
    }
  }
  rm_pixels_confusion__scalar(predicted + x, truth + x, columns - x, classes, counts);
}
