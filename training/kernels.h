// SPDX-License-Identifier: Apache-2.0
//
// What torch does slowly on a CPU. Tensors are bfloat16, channels last; channels are a multiple of 16.

#pragma once

#include <pthread.h>
#include <stdint.h>
#include <string.h>

typedef uint16_t bf16;
typedef float vec __attribute__((vector_size(64)));
typedef uint32_t bits __attribute__((vector_size(64)));
typedef uint16_t half __attribute__((vector_size(32)));
enum { LANES = 16, MAX_THREADS = 64 };

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
