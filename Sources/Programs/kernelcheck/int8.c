// SPDX-License-Identifier: Apache-2.0
#include "int8.h"

#include <stdio.h>
#include <string.h>

#include "families.h"

void int8_fill_bytes(check *c, uint8_t *out, size_t count, int8_fill fill) {
  check_fill_u8(c, out, count);
  if (fill == INT8_EXTREME)
    for (size_t i = 0; i < count; i++) out[i] = out[i] & 1 ? 255 : 0;
}

// Weights of the whole range, or the ends of it alone; half of them without -128, as quantization gives them.
static void fill_weights(check *c, int8_t *out, size_t count, int8_fill fill) {
  check_fill_u8(c, (uint8_t *)out, count);
  if (fill == INT8_EXTREME)
    for (size_t i = 0; i < count; i++) out[i] = out[i] & 1 ? 127 : -128;
  if (check_range(c, 0, 1))
    for (size_t i = 0; i < count; i++) out[i] = out[i] == -128 ? -127 : out[i];
}

int8_conv_case int8_make_conv(check *c, const int8_conv_plan *p, int depthwise) {
  const rm_int8_kernels *scalar = rm_int8_table(RM_CPU_SCALAR), *variant = rm_int8_table(c->level);
  const int reach = (p->kernel - 1) * p->dilation + 1;
  const rm_int8_conv_shape s = {
      .in_rows = p->rows,
      .in_columns = p->columns,
      .in_channels = p->in,
      .out_rows = (p->rows + 2 * p->pad - reach) / p->stride + 1,
      .out_columns = (p->columns + 2 * p->pad - reach) / p->stride + 1,
      .out_channels = p->out,
      .kernel_rows = p->kernel,
      .kernel_columns = p->kernel,
      .stride_rows = p->stride,
      .stride_columns = p->stride,
      .dilation_rows = p->dilation,
      .dilation_columns = p->dilation,
      .pad_top = p->pad,
      .pad_left = p->pad,
  };
  int8_conv_case k = {.depthwise = depthwise};
  snprintf(k.name, sizeof k.name, "%dx%dx%d->%d k%d s%d d%d p%d gap %d/%d%s%s", p->rows, p->columns, p->in, p->out,
           p->kernel, p->stride, p->dilation, p->pad, p->in_gap, p->out_gap, p->residual ? " +residual" : "",
           p->fill == INT8_EXTREME ? " extreme" : "");
  const size_t terms = (size_t)(p->kernel * p->kernel) * (size_t)(depthwise ? 1 : p->in);
  const size_t in_pixel = (size_t)(p->in + p->in_gap), out_pixel = (size_t)(p->out + p->out_gap);
  const size_t out_size = (size_t)(s.out_rows * s.out_columns) * out_pixel - (size_t)p->out_gap;
  k.in = guarded_alloc((size_t)(p->rows * p->columns) * in_pixel - (size_t)p->in_gap, RM_INT8_OVERREAD);
  k.weights = guarded_alloc((size_t)p->out * terms, 0);
  k.bias = guarded_alloc((size_t)p->out * 4, 0);
  k.multiplier = guarded_alloc((size_t)p->out * 4, 0);
  k.pad = guarded_alloc(rm_int8_pad_bytes(&s), 0);
  k.residual = guarded_alloc(out_size, RM_INT8_OVERREAD);
  k.want = guarded_alloc(out_size, 0);
  k.got = guarded_alloc(out_size, 0);
  int8_fill_bytes(c, k.in.data, k.in.size, p->fill);
  int8_fill_bytes(c, k.residual.data, k.residual.size, p->fill);
  fill_weights(c, (int8_t *)k.weights.data, k.weights.size, p->fill);
  float *multiplier = (float *)k.multiplier.data;
  int32_t *bias = (int32_t *)k.bias.data;
  for (int i = 0; i < p->out; i++) {
    // Accumulators spread over a few times the range of the output, now and then all of it saturated.
    multiplier[i] = check_float(c, 0.2f, 3.0f) / (float)(80 * (terms < 4 ? 4 : terms));
    if (check_range(c, 0, 15) == 0) multiplier[i] = check_range(c, 0, 1) ? 0.5f : 2e6f;
    bias[i] = check_range(c, -20000, 20000);
  }
  const int zero = p->fill == INT8_EXTREME ? 255 * check_range(c, 0, 1) : check_range(c, 0, 255);
  memset(k.pad.data, zero, k.pad.size);
  // All numbers from a zero point of 0 on, as behind a Relu, have a path of their own.
  const int open = check_range(c, 0, 2) == 0;
  const int low = open || check_range(c, 0, 1) ? 0 : check_range(c, 0, 200), high = check_range(c, low, 255);
  k.from = (rm_int8_conv_weights){(const int8_t *)k.weights.data, check_range(c, 0, 3) ? bias : NULL, multiplier, zero};
  k.call = (rm_int8_conv_call){
      .shape = s,
      .in = k.in.data,
      .in_pixel = (ptrdiff_t)in_pixel,
      .out_pixel = (ptrdiff_t)out_pixel,
      .pad = k.pad.data,
      .out_zero = open ? 0 : check_range(c, 0, 255),
      .low = low,
      .high = open || check_range(c, 0, 1) ? 255 : high,
      .residual = p->residual ? k.residual.data : NULL,
      .residual_pixel = (ptrdiff_t)out_pixel,
  };
  k.call.join = rm_int8_make_combine(check_float(c, 0.01f, 2), check_range(c, 0, 255), check_float(c, 0.01f, 2),
                                     check_range(c, 0, 255), check_range(c, 0, 255), 0, 255);
  const size_t packed = depthwise ? variant->dwconv_packed_bytes(&s) : variant->conv_packed_bytes(&s);
  const size_t plain = depthwise ? scalar->dwconv_packed_bytes(&s) : scalar->conv_packed_bytes(&s);
  k.packed = guarded_alloc((packed + 63) & ~(size_t)63, 0);
  k.reference = guarded_alloc((plain + 63) & ~(size_t)63, 0);
  (depthwise ? variant->dwconv_pack : variant->conv_pack)(&s, &k.from, k.packed.data);
  (depthwise ? scalar->dwconv_pack : scalar->conv_pack)(&s, &k.from, k.reference.data);
  return k;
}

void int8_free_conv(int8_conv_case *k) {
  guarded *all[] = {&k->in,       &k->weights, &k->bias, &k->multiplier, &k->pad,     &k->residual,
                    &k->want,     &k->got,     &k->packed, &k->reference};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) guarded_free(all[i]);
}

void int8_repeat(check *c, void (*one)(check *, const rm_int8_kernels *scalar, const rm_int8_kernels *variant),
                 int times) {
  for (int i = 0; i < times; i++) one(c, rm_int8_table(RM_CPU_SCALAR), rm_int8_table(c->level));
}

void check_int8_family(check *c) {
  static const check_entry entries[] = {
#define RM_SLOT(slot, ...) {#slot, check_int8_##slot, bench_int8_##slot},
#include "slots_int8.inc"
  };
  rm_kernel_slot slots[RM_INT8_SLOTS];
  rm_int8_slots(rm_int8_table(c->level), slots);
  check_slots(c, entries, slots, RM_INT8_SLOTS);
}
