// SPDX-License-Identifier: Apache-2.0
#include "expect.h"

#include <stdio.h>
#include <stdlib.h>

void rm_contract_broken(const char *condition, const char *where) {
  fprintf(stderr, "%s: not so: %s\n", where, condition);
  abort();
}
