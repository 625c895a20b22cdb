// SPDX-License-Identifier: Apache-2.0
// The depthwise kernels of an instruction set whose blocks are all of one length. Included behind int8_dwconv3x3.h,
// with BYTES and NAME as there, KERNEL(x) for the names, and CENTRED: 1 where v_dot subtracts 128 from activations.

size_t KERNEL(rm_int8_dwconv_packed_bytes)(const rm_int8_conv_shape *s) {
  return (size_t)((s->out_channels + BYTES - 1) / BYTES) * NAME(block_bytes)(s) + RM_INT8_OVERREAD;
}

void KERNEL(rm_int8_dwconv_pack)(const rm_int8_conv_shape *s, const rm_int8_conv_weights *from, void *packed) {
  rm_int8_conv_weights weights = *from;
  if (CENTRED) weights.in_zero -= 128;
  uint8_t *at = packed;
  for (int32_t first = 0; first < s->out_channels; first += BYTES, at += NAME(block_bytes)(s))
    NAME(pack_block)(s, &weights, first, at);
}

void KERNEL(rm_int8_dwconv)(const rm_int8_conv_call *call, ptrdiff_t row_begin, ptrdiff_t row_end) {
  const rm_int8_conv_shape *s = &call->shape;
  void (*const run)(const rm_int8_conv_call *, int32_t, int32_t, int32_t, const uint8_t *) = NAME(row_kernel)(s);
  for (int32_t row = (int32_t)row_begin; row < row_end; row++) {
    const uint8_t *at = call->packed;
    for (int32_t first = 0; first < s->out_channels; first += BYTES, at += NAME(block_bytes)(s))
      run(call, row, first, s->out_channels - first, at);
  }
}
