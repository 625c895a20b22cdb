// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "../float_kernels.h"

// The innermost axis as one call for each element size, so that the compiler sees a constant.
static void run(uint8_t *out, const uint8_t *in, ptrdiff_t count, ptrdiff_t out_step, ptrdiff_t in_step, int size) {
  if (in_step == size && out_step == size) {
    memcpy(out, in, (size_t)(count * size));
    return;
  }
  for (ptrdiff_t i = 0; i < count; i++, in += in_step, out += out_step) {
    switch (size) {
      case 1: *out = *in; break;
      case 2: memcpy(out, in, 2); break;
      case 4: memcpy(out, in, 4); break;
      default: memcpy(out, in, 8); break;
    }
  }
}

void rm_copy__scalar(const rm_copy *c, ptrdiff_t begin, ptrdiff_t end) {
  rm_float_copy_expect(c, begin, end);
  const int inner = c->rank - 1;
  ptrdiff_t runs = 1;
  for (int axis = 1; axis < inner; axis++) runs *= c->extents[axis];
  if (inner == 0) {
    run((uint8_t *)c->output + begin * c->out_strides[0] * c->size,
        (const uint8_t *)c->input + begin * c->in_strides[0] * c->size, end - begin, c->out_strides[0] * c->size,
        c->in_strides[0] * c->size, c->size);
    return;
  }
  for (ptrdiff_t outer = begin; outer < end; outer++) {
    for (ptrdiff_t index = 0; index < runs; index++) {
      ptrdiff_t from = outer * c->in_strides[0], to = outer * c->out_strides[0], rest = index;
      for (int axis = inner - 1; axis > 0; axis--) {
        from += rest % c->extents[axis] * c->in_strides[axis];
        to += rest % c->extents[axis] * c->out_strides[axis];
        rest /= c->extents[axis];
      }
      run((uint8_t *)c->output + to * c->size, (const uint8_t *)c->input + from * c->size, c->extents[inner],
          c->out_strides[inner] * c->size, c->in_strides[inner] * c->size, c->size);
    }
  }
}
