// SPDX-License-Identifier: Apache-2.0
// Depthwise 3x3 without dilation, stride 1 or 2. Included behind int8_dwconv.h, whose packed form it reads. Turned
// columns pass from window to window in registers, so that each is loaded and turned once and stored nowhere.

// A column of a 3x3 window, turned as in int8_dwconv.h. Rows outside have a step of 0 and point to the pad.
INLINE ISA void NAME(turn3)(const uint8_t *const rows[3], const ptrdiff_t steps[3], ptrdiff_t x, ptrdiff_t columns,
                      const uint8_t *pad, vec out[4]) {
  vec a, b, c;
  if (x >= 0 && x < columns) {
    a = v_load(rows[0] + x * steps[0]), b = v_load(rows[1] + x * steps[1]), c = v_load(rows[2] + x * steps[2]);
  } else {
    a = b = c = v_load(pad);
  }
  const vec none = v_none(), ab_low = v_low8(a, b), ab_high = v_high8(a, b);
  const vec c_low = v_low8(c, none), c_high = v_high8(c, none);
  out[0] = v_low16(ab_low, c_low), out[1] = v_high16(ab_low, c_low);
  out[2] = v_low16(ab_high, c_high), out[3] = v_high16(ab_high, c_high);
}

// One output pixel of three turned columns.
INLINE ISA void NAME(window3)(const vec left[4], const vec middle[4], const vec right[4], const uint8_t *packed,
                        const v_rule *rule, uint8_t *out, int32_t channels) {
  const uint8_t *weights = packed + 8 * BYTES;
  vec sum[4];
  vec_f m[4];
  RM_INT8_UNROLL
  for (int v = 0; v < 4; v++) {
    sum[v] = v_dot(v_load(packed + v * BYTES), left[v], weights + v * WEIGHT_VECTORS * BYTES);
    sum[v] = v_dot(sum[v], middle[v], weights + (4 + v) * WEIGHT_VECTORS * BYTES);
    sum[v] = v_dot(sum[v], right[v], weights + (8 + v) * WEIGHT_VECTORS * BYTES);
    m[v] = v_load_f((const float *)(packed + 4 * BYTES) + v * (BYTES / 4));
  }
  v_put(out, v_requantize(sum, m, rule), channels);
}

INLINE ISA void NAME(row3x3)(const rm_int8_conv_call *call, int32_t row, int32_t first, int32_t channels,
                             const uint8_t *packed, const int stride) {
  const rm_int8_conv_shape *s = &call->shape;
  const v_rule rule =
      v_make_rule(call->out_zero, call->low, call->high, (const float *)(packed + 4 * BYTES));
  const uint8_t *rows[3];
  ptrdiff_t steps[3];
  for (int32_t ky = 0; ky < 3; ky++) {
    const int32_t y = row * stride - s->pad_top + ky, outside = y < 0 || y >= s->in_rows;
    rows[ky] = outside ? call->pad : call->in + (ptrdiff_t)y * s->in_columns * call->in_pixel + first;
    steps[ky] = outside ? 0 : call->in_pixel;
  }
  const ptrdiff_t columns = s->in_columns, out_pixel = call->out_pixel;
  ptrdiff_t x = -s->pad_left;
  uint8_t *out = call->out + (ptrdiff_t)row * s->out_columns * out_pixel + first;
  vec a[4], b[4], c[4];
  NAME(turn3)(rows, steps, x, columns, call->pad, a);
  int32_t left = s->out_columns;
  if (stride == 1) {
    NAME(turn3)(rows, steps, x + 1, columns, call->pad, b);
    for (x += 2; left >= 3; left -= 3, x += 3, out += 3 * out_pixel) {
      NAME(turn3)(rows, steps, x, columns, call->pad, c);
      NAME(window3)(a, b, c, packed, &rule, out, channels);
      NAME(turn3)(rows, steps, x + 1, columns, call->pad, a);
      NAME(window3)(b, c, a, packed, &rule, out + out_pixel, channels);
      NAME(turn3)(rows, steps, x + 2, columns, call->pad, b);
      NAME(window3)(c, a, b, packed, &rule, out + 2 * out_pixel, channels);
    }
    if (left > 0) {
      NAME(turn3)(rows, steps, x, columns, call->pad, c);
      NAME(window3)(a, b, c, packed, &rule, out, channels);
    }
    if (left > 1) {
      NAME(turn3)(rows, steps, x + 1, columns, call->pad, a);
      NAME(window3)(b, c, a, packed, &rule, out + out_pixel, channels);
    }
  } else {
    for (; left >= 2; left -= 2, x += 4, out += 2 * out_pixel) {
      NAME(turn3)(rows, steps, x + 1, columns, call->pad, b);
      NAME(turn3)(rows, steps, x + 2, columns, call->pad, c);
      NAME(window3)(a, b, c, packed, &rule, out, channels);
      NAME(turn3)(rows, steps, x + 3, columns, call->pad, b);
      NAME(turn3)(rows, steps, x + 4, columns, call->pad, a);
      NAME(window3)(c, b, a, packed, &rule, out + out_pixel, channels);
    }
    if (left) {
      NAME(turn3)(rows, steps, x + 1, columns, call->pad, b);
      NAME(turn3)(rows, steps, x + 2, columns, call->pad, c);
      NAME(window3)(a, b, c, packed, &rule, out, channels);
    }
  }
}

static ISA void NAME(row3x3_1)(const rm_int8_conv_call *call, int32_t row, int32_t first, int32_t channels,
                         const uint8_t *packed) {
  NAME(row3x3)(call, row, first, channels, packed, 1);
}

static ISA void NAME(row3x3_2)(const rm_int8_conv_call *call, int32_t row, int32_t first, int32_t channels,
                         const uint8_t *packed) {
  NAME(row3x3)(call, row, first, channels, packed, 2);
}

// What computes one output row of one block.
static void (*NAME(row_kernel)(const rm_int8_conv_shape *s))(const rm_int8_conv_call *, int32_t, int32_t, int32_t,
                                                             const uint8_t *) {
  if (s->kernel_rows != 3 || s->kernel_columns != 3 || s->dilation_rows != 1 || s->dilation_columns != 1 ||
      s->stride_rows != s->stride_columns || s->stride_rows > 2)
    return NAME(block_row);
  return s->stride_rows == 1 ? NAME(row3x3_1) : NAME(row3x3_2);
}
