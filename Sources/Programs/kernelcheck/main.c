// SPDX-License-Identifier: Apache-2.0
// Compares every kernel variant that this machine can run with the scalar kernel, or times them.
//
//   kernelcheck [--bench] [--cpu LEVEL] [--only NAME] [--seed N]
//
// --only takes a part of a kernel's name, as rm_int8_mean or __avx2. It ends with 1 where a comparison failed, a
// kernel broke its contract, or nothing was compared.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "families.h"

int main(int argc, char **argv) {
  check c = {.seed = 1};
  const char *only_level = NULL;
  for (int i = 1; i < argc; i++) {
    if (!strcmp(argv[i], "--bench")) {
      c.bench = 1;
    } else if (i + 1 < argc && !strcmp(argv[i], "--cpu")) {
      only_level = argv[++i];
    } else if (i + 1 < argc && !strcmp(argv[i], "--only")) {
      c.filter = argv[++i];
    } else if (i + 1 < argc && !strcmp(argv[i], "--seed")) {
      c.seed = strtoull(argv[++i], NULL, 10);
    } else {
      fprintf(stderr, "usage: kernelcheck [--bench] [--cpu LEVEL] [--only NAME] [--seed N]\n");
      return 64;
    }
  }
  if (rm_cpu_unknown_limit()) {
    fprintf(stderr, "kernelcheck: ROADMASK_CPU: no level '%s'\n", rm_cpu_unknown_limit());
    return 64;
  }
  const uint64_t seed = c.seed;
  int known = 0;
  for (size_t i = 0; i < rm_cpu_level_count; i++) {
    if (only_level && strcmp(only_level, rm_cpu_levels[i].name)) continue;
    known = 1;
    if (!rm_cpu_usable(rm_cpu_levels[i].level)) {
      if (only_level) {
        fprintf(stderr, "kernelcheck: this machine has no %s\n", only_level);
        return 69;
      }
      continue;
    }
    c.level = rm_cpu_levels[i].level;
    c.seed = seed;
    printf("level %s\n", rm_cpu_levels[i].name);
    for (size_t f = 0; f < family_count; f++) families[f](&c);
  }
  if (!known) {
    fprintf(stderr, "kernelcheck: no level '%s'\n", only_level);
    return 64;
  }
  if (c.passed + c.failed + c.timed == 0) {
    printf("FAILED: nothing was %s: no kernel's name contains '%s'\n", c.bench ? "timed" : "compared",
           c.filter ? c.filter : "");
    return 1;
  }
  if (!c.bench) printf("%d passed, %d failed\n", c.passed, c.failed);
  return c.failed ? 1 : 0;
}
