// SPDX-License-Identifier: Apache-2.0
//
// What torch does slowly on a CPU: depthwise convolutions with a stride or larger than 3x3, and batch normalization
// with its curve, forwards and backwards. Tensors are bfloat16, channels last; channels are a multiple of 16.

#include <pthread.h>
#include <stdint.h>
#include <string.h>

typedef uint16_t bf16;
typedef float vec __attribute__((vector_size(64)));
typedef uint32_t bits __attribute__((vector_size(64)));
typedef uint16_t half __attribute__((vector_size(32)));
enum { LANES = 16, MAX_THREADS = 64, MAX_TAPS = 25, RUN = 64 };

static inline vec load(const bf16 *p) {
  half h;
  memcpy(&h, p, sizeof h);
  return (vec)(__builtin_convertvector(h, bits) << 16);
}

static inline void store(bf16 *p, vec v) {
  const bits u = (bits)v;
  const half h = __builtin_convertvector((u + 0x7fff + ((u >> 16) & 1)) >> 16, half);
  memcpy(p, &h, sizeof h);
}

static inline vec load32(const float *p) {
  vec v;
  memcpy(&v, p, sizeof v);
  return v;
}

static inline void store32(float *p, vec v) { memcpy(p, &v, sizeof v); }

static inline vec choose(bits mask, vec yes, vec no) { return (vec)((mask & (bits)yes) | (~mask & (bits)no)); }

// Threads ---------------------------------------------------------------------------------------------------------

typedef struct {
  void (*work)(const void *call, int64_t first, int64_t end, int thread);
  const void *call;
  int64_t first, end;
  int thread;
} Share;

static void *run_share(void *p) {
  Share *s = p;
  s->work(s->call, s->first, s->end, s->thread);
  return 0;
}

// Shares of equal length, so that sums come out the same on every run with as many threads.
static void parallel(void (*work)(const void *, int64_t, int64_t, int), const void *call, int64_t count, int threads) {
  Share shares[MAX_THREADS];
  pthread_t ids[MAX_THREADS];
  int own[MAX_THREADS];
  for (int t = 0; t < threads; t++) {
    shares[t] = (Share){work, call, count * t / threads, count * (t + 1) / threads, t};
    own[t] = t == threads - 1 || pthread_create(&ids[t], 0, run_share, &shares[t]) != 0;
  }
  for (int t = 0; t < threads; t++)
    if (own[t]) run_share(&shares[t]);
  for (int t = 0; t < threads; t++)
    if (!own[t]) pthread_join(ids[t], 0);
}

// Depthwise convolution -------------------------------------------------------------------------------------------

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

// Batch normalization ---------------------------------------------------------------------------------------------
//
// y = clamp(x * factor + shift, low, high), by channel; dz is the gradient where that is not clamped.

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

static void moments(const void *call, int64_t first, int64_t end, int thread) {
  const Norm *n = call;
  double *sums = n->sums + thread * 2 * n->channels;
  for (int64_t start = first; start < end; start += RUN) {
    const int64_t stop = start + RUN < end ? start + RUN : end;
    for (int64_t c = 0; c < n->channels; c += LANES) {
      vec sum = {0}, squares = {0};
      for (int64_t p = start; p < stop; p++) {
        const vec x = load(n->x + p * n->channels + c);
        sum += x;
        squares += x * x;
      }
      add_run(sums, n->channels, c, sum, squares);
    }
  }
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

static void gradient_sums(const void *call, int64_t first, int64_t end, int thread) {
  const Norm *n = call;
  double *sums = n->sums + thread * 2 * n->channels;
  for (int64_t start = first; start < end; start += RUN) {
    const int64_t stop = start + RUN < end ? start + RUN : end;
    for (int64_t c = 0; c < n->channels; c += LANES) {
      vec sum = {0}, products = {0};
      for (int64_t p = start; p < stop; p++) {
        const int64_t at = p * n->channels + c;
        const vec x = load(n->x + at), dz = unclamped(n, c, x, load(n->dy + at));
        sum += dz;
        products += dz * x;
      }
      add_run(sums, n->channels, c, sum, products);
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
