// SPDX-License-Identifier: Apache-2.0
//
// Batch normalization with its curve: y = clamp(x * factor + shift, low, high), by channel. dz is the gradient where
// that is not clamped.

#include "kernels.h"

enum { RUN = 64 };

typedef struct {
  int64_t channels;
  const bf16 *x, *dy;
  const float *factor, *shift;
  float low, high;
  const float *constant, *slope;  // dx = factor * dz + constant + slope * x
  bf16 *out;
  double *sums;  // [threads][2][channels]
} Norm;

static inline vec unclamped(const Norm *n, int64_t c, vec x, vec dy) {
  const vec y = x * load32(n->factor + c) + load32(n->shift + c);
  return choose((bits)((y > n->low) & (y < n->high)), dy, (vec){0});
}

// Adds the two sums of a short run of pixels; longer ones lose digits in float.
static void add_run(double *sums, int64_t channels, int64_t c, vec first, vec second) {
  for (int k = 0; k < LANES; k++) {
    sums[c + k] += (double)first[k];
    sums[channels + c + k] += (double)second[k];
  }
}

// Sums over pixels of a value and of its product with x: of x itself, or of dz.
static inline __attribute__((always_inline)) void add_pixels(
    const Norm *n, int64_t first, int64_t end, int thread, int gradients) {
  double *sums = n->sums + thread * 2 * n->channels;
  for (int64_t start = first; start < end; start += RUN) {
    const int64_t stop = start + RUN < end ? start + RUN : end;
    for (int64_t c = 0; c < n->channels; c += LANES) {
      vec sum = {0}, products = {0};
      for (int64_t p = start; p < stop; p++) {
        const int64_t at = p * n->channels + c;
        const vec x = load(n->x + at), value = gradients ? unclamped(n, c, x, load(n->dy + at)) : x;
        sum += value;
        products += value * x;
      }
      add_run(sums, n->channels, c, sum, products);
    }
  }
}

static void moments(const void *call, int64_t first, int64_t end, int thread) {
  add_pixels(call, first, end, thread, 0);
}

static void gradient_sums(const void *call, int64_t first, int64_t end, int thread) {
  add_pixels(call, first, end, thread, 1);
}

static void apply(const void *call, int64_t first, int64_t end, int thread) {
  (void)thread;
  const Norm *n = call;
  for (int64_t p = first; p < end; p++) {
    for (int64_t c = 0; c < n->channels; c += LANES) {
      const int64_t at = p * n->channels + c;
      const vec y = load(n->x + at) * load32(n->factor + c) + load32(n->shift + c);
      const vec low = choose((bits)(y > n->low), y, (vec){0} + n->low);
      store(n->out + at, choose((bits)(low < n->high), low, (vec){0} + n->high));
    }
  }
}

static void input_gradient(const void *call, int64_t first, int64_t end, int thread) {
  (void)thread;
  const Norm *n = call;
  for (int64_t p = first; p < end; p++) {
    for (int64_t c = 0; c < n->channels; c += LANES) {
      const int64_t at = p * n->channels + c;
      const vec x = load(n->x + at), dz = unclamped(n, c, x, load(n->dy + at));
      store(n->out + at, dz * load32(n->factor + c) + load32(n->constant + c) + x * load32(n->slope + c));
    }
  }
}

// `sums` is [threads][2][channels], zeros: sums of x and of its squares.
void norm_moments(int64_t pixels, int64_t channels, const bf16 *x, double *sums, int threads) {
  const Norm n = {.channels = channels, .x = x, .sums = sums};
  parallel(moments, &n, pixels, threads);
}

void norm_apply(int64_t pixels, int64_t channels, const bf16 *x, const float *factor, const float *shift, float low,
                float high, bf16 *out, int threads) {
  const Norm n = {.channels = channels, .x = x, .factor = factor, .shift = shift, .low = low, .high = high, .out = out};
  parallel(apply, &n, pixels, threads);
}

// `sums` is [threads][2][channels], zeros: sums of dz and of dz * x.
void norm_gradient_sums(int64_t pixels, int64_t channels, const bf16 *x, const bf16 *dy, const float *factor,
                        const float *shift, float low, float high, double *sums, int threads) {
  const Norm n = {.channels = channels, .x = x, .dy = dy, .factor = factor, .shift = shift, .low = low, .high = high,
                  .sums = sums};
  parallel(gradient_sums, &n, pixels, threads);
}

// dx = factor * dz + constant + slope * x, by channel.
void norm_input_gradient(int64_t pixels, int64_t channels, const bf16 *x, const bf16 *dy, const float *factor,
                         const float *shift, float low, float high, const float *constant, const float *slope,
                         bf16 *out, int threads) {
  const Norm n = {.channels = channels, .x = x, .dy = dy, .factor = factor, .shift = shift, .low = low, .high = high,
                  .constant = constant, .slope = slope, .out = out};
  parallel(input_gradient, &n, pixels, threads);
}
