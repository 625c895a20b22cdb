// SPDX-License-Identifier: Apache-2.0
//
// Depthwise convolution of 3x3 and 5x5 with any stride and pads, forwards and backwards.

#include "kernels.h"

enum { MAX_TAPS = 25 };

typedef struct {
  int64_t images, rows, columns, channels, outRows, outColumns;
  int64_t kernel, stride, top, left;
} Window;

typedef struct {
  Window w;
  const bf16 *in, *gradient;
  const float *weight;  // [kernel * kernel][channels]
  bf16 *out;
  float *sums;  // [threads][kernel * kernel][channels]
} Depthwise;

// One output pixel from the listed input pixels, each with its row of weights.
static void gather(bf16 *out, const bf16 **from, const float **weight, int taps, int64_t channels) {
  for (int64_t c = 0; c < channels; c += LANES) {
    vec sum = {0};
    for (int t = 0; t < taps; t++) sum += load(from[t] + c) * load32(weight[t] + c);
    store(out + c, sum);
  }
}

static void forward_rows(const void *call, int64_t first, int64_t end, int thread) {
  (void)thread;
  const Depthwise *d = call;
  const Window w = d->w;
  const bf16 *from[MAX_TAPS];
  const float *weight[MAX_TAPS];
  for (int64_t row = first; row < end; row++) {
    const int64_t image = row / w.outRows, y0 = row % w.outRows * w.stride - w.top;
    for (int64_t x = 0; x < w.outColumns; x++) {
      const int64_t x0 = x * w.stride - w.left;
      int taps = 0;
      for (int64_t ky = 0; ky < w.kernel; ky++) {
        if (y0 + ky < 0 || y0 + ky >= w.rows) continue;
        for (int64_t kx = 0; kx < w.kernel; kx++) {
          if (x0 + kx < 0 || x0 + kx >= w.columns) continue;
          from[taps] = d->in + ((image * w.rows + y0 + ky) * w.columns + x0 + kx) * w.channels;
          weight[taps++] = d->weight + (ky * w.kernel + kx) * w.channels;
        }
      }
      gather(d->out + (row * w.outColumns + x) * w.channels, from, weight, taps, w.channels);
    }
  }
}

// The gradient of the input: `gradient` has the output's size, `out` the input's.
static void input_rows(const void *call, int64_t first, int64_t end, int thread) {
  (void)thread;
  const Depthwise *d = call;
  const Window w = d->w;
  const bf16 *from[MAX_TAPS];
  const float *weight[MAX_TAPS];
  for (int64_t row = first; row < end; row++) {
    const int64_t image = row / w.rows, y0 = row % w.rows + w.top;
    for (int64_t x = 0; x < w.columns; x++) {
      int taps = 0;
      for (int64_t ky = 0; ky < w.kernel && ky <= y0; ky++) {
        const int64_t y = (y0 - ky) / w.stride;
        if (y * w.stride != y0 - ky || y >= w.outRows) continue;
        for (int64_t kx = 0; kx < w.kernel && kx <= x + w.left; kx++) {
          const int64_t column = (x + w.left - kx) / w.stride;
          if (column * w.stride != x + w.left - kx || column >= w.outColumns) continue;
          from[taps] = d->gradient + ((image * w.outRows + y) * w.outColumns + column) * w.channels;
          weight[taps++] = d->weight + (ky * w.kernel + kx) * w.channels;
        }
      }
      gather(d->out + (row * w.columns + x) * w.channels, from, weight, taps, w.channels);
    }
  }
}

// Sums of a row of kernel cells over the output columns where all of them lie inside.
static inline __attribute__((always_inline)) void weight_run(
    float *sums, const bf16 *in, const bf16 *gradient, int64_t count, const Window *w, int kernel) {
  vec sum[5] = {0};
  for (int64_t x = 0; x < count; x++) {
    const vec g = load(gradient + x * w->channels);
    for (int k = 0; k < kernel; k++) sum[k] += g * load(in + (x * w->stride + k) * w->channels);
  }
  for (int k = 0; k < kernel; k++) store32(sums + k * w->channels, load32(sums + k * w->channels) + sum[k]);
}

static void weight_rows(const void *call, int64_t first, int64_t end, int thread) {
  const Depthwise *d = call;
  const Window w = d->w;
  float *sums = d->sums + thread * w.kernel * w.kernel * w.channels;
  const int64_t inside = (w.left + w.stride - 1) / w.stride;
  const int64_t last = (w.columns - w.kernel + w.left) / w.stride + 1;
  for (int64_t row = first; row < end; row++) {
    const int64_t image = row / w.outRows, y0 = row % w.outRows * w.stride - w.top;
    const bf16 *gradient = d->gradient + row * w.outColumns * w.channels;
    for (int64_t ky = 0; ky < w.kernel; ky++) {
      if (y0 + ky < 0 || y0 + ky >= w.rows) continue;
      const bf16 *in = d->in + (image * w.rows + y0 + ky) * w.columns * w.channels;
      float *cells = sums + ky * w.kernel * w.channels;
      for (int64_t c = 0; c < w.channels; c += LANES) {
        const bf16 *g = gradient + inside * w.channels + c;
        const bf16 *from = in + (inside * w.stride - w.left) * w.channels + c;
        if (w.kernel == 3) weight_run(cells + c, from, g, last - inside, &w, 3);
        if (w.kernel == 5) weight_run(cells + c, from, g, last - inside, &w, 5);
      }
      for (int64_t x = 0; x < w.outColumns; x++) {
        if (x == inside && last > inside) x = last;
        if (x >= w.outColumns) break;
        for (int64_t kx = 0; kx < w.kernel; kx++) {
          const int64_t column = x * w.stride - w.left + kx;
          if (column < 0 || column >= w.columns) continue;
          for (int64_t c = 0; c < w.channels; c += LANES) {
            float *cell = cells + kx * w.channels + c;
            store32(cell, load32(cell) + load(gradient + x * w.channels + c) * load(in + column * w.channels + c));
          }
        }
      }
    }
  }
}

void depthwise_forward(const Window *w, const bf16 *in, const float *weight, bf16 *out, int threads) {
  const Depthwise d = {.w = *w, .in = in, .weight = weight, .out = out};
  parallel(forward_rows, &d, w->images * w->outRows, threads);
}

void depthwise_input(const Window *w, const bf16 *gradient, const float *weight, bf16 *out, int threads) {
  const Depthwise d = {.w = *w, .gradient = gradient, .weight = weight, .out = out};
  parallel(input_rows, &d, w->images * w->rows, threads);
}

// `sums` is [threads][kernel * kernel][channels], zeros; the kernel is 3 or 5.
void depthwise_weight(const Window *w, const bf16 *in, const bf16 *gradient, float *sums, int threads) {
  const Depthwise d = {.w = *w, .in = in, .gradient = gradient, .sums = sums};
  parallel(weight_rows, &d, w->images * w->outRows, threads);
}
