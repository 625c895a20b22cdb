// SPDX-License-Identifier: Apache-2.0
// A wall clock that jumps by an hour, and by years back, at every other look at it.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/time.h>
#include <time.h>
static long jump(void) {
  static long looks;
  return (long[]){0, 3600, -300000000, 86400}[__atomic_add_fetch(&looks, 1, 5) % 4];
}
int clock_gettime(clockid_t id, struct timespec *t) {
  int (*real)(clockid_t, struct timespec *) = dlsym(RTLD_NEXT, "clock_gettime");
  int status = real(id, t);
  if (id == CLOCK_REALTIME) t->tv_sec += jump();
  return status;
}
int gettimeofday(struct timeval *t, void *zone) {
  int (*real)(struct timeval *, void *) = dlsym(RTLD_NEXT, "gettimeofday");
  int status = real(t, zone);
  t->tv_sec += jump();
  return status;
}
time_t time(time_t *out) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  if (out) *out = t.tv_sec;
  return t.tv_sec;
}
