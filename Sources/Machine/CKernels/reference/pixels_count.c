// SPDX-License-Identifier: Apache-2.0
#include "../pixels.h"

void rm_pixels_histogram__scalar(const uint8_t *labels, size_t columns, uint64_t *counts) {
  for (size_t x = 0; x < columns; x++) counts[labels[x]]++;
}

void rm_pixels_confusion__scalar(const uint8_t *predicted, const uint8_t *truth, size_t columns, int classes,
                             uint64_t *counts) {
  const size_t row = (size_t)classes + 1;
  for (size_t x = 0; x < columns; x++) {
    if (truth[x] >= classes) continue;
    const size_t column = predicted[x] < classes ? predicted[x] : (size_t)classes;
    counts[truth[x] * row + column]++;
  }
}
