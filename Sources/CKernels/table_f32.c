// SPDX-License-Identifier: Apache-2.0
#include "reference/f32.h"
#include "reference/f32_table.h"

const rm_f32_table rm_f32_table__scalar = {
    .conv = rm_f32_conv__scalar,
    .conv_panel = 0,
    .dwconv = rm_f32_dwconv__scalar,
    .dwconv3x3 = rm_f32_dwconv__scalar,
    .add = rm_f32_add__scalar,
    .sub = rm_f32_sub__scalar,
    .mul = rm_f32_mul__scalar,
    .div = rm_f32_div__scalar,
    .clamp = rm_f32_clamp__scalar,
    .sigmoid = rm_f32_sigmoid__scalar,
    .hard_sigmoid = rm_f32_hard_sigmoid__scalar,
    .hard_swish = rm_f32_hard_swish__scalar,
    .softmax = rm_f32_softmax__scalar,
    .average_pool = rm_f32_average_pool__scalar,
    .max_pool = rm_f32_max_pool__scalar,
    .global_average_pool = rm_f32_global_average_pool__scalar,
    .reduce = rm_f32_reduce__scalar,
    .arg_max = rm_f32_arg_max__scalar,
    .copy = rm_copy__scalar,
    .fill = rm_f32_fill__scalar,
    .resize = rm_f32_resize__scalar,
    .gridsample = rm_f32_gridsample__scalar,
    .warp = rm_f32_warp__scalar,
    .local_attention = rm_f32_local_attention__scalar,
    .global_attention = rm_f32_global_attention__scalar,
    .matmul = rm_f32_matmul__scalar,
    .quantize = rm_f32_quantize__scalar,
    .dequantize = rm_f32_dequantize__scalar,
};

const rm_f32_table *rm_f32_kernels(rm_cpu_level level) {
#if defined(__x86_64__)
  if (level >= RM_CPU_AVX512VNNI && level <= RM_CPU_AMX) return &rm_f32_table__avx512;
  if (level >= RM_CPU_AVX2 && level < RM_CPU_AVX512VNNI) return &rm_f32_table__avx2;
#endif
  (void)level;
  return &rm_f32_table__scalar;
}

const char *rm_f32_kernels_name(rm_cpu_level level) {
#if defined(__x86_64__)
  const rm_f32_table *table = rm_f32_kernels(level);
  if (table == &rm_f32_table__avx512) return "avx512";
  if (table == &rm_f32_table__avx2) return "avx2";
#endif
  (void)level;
  return "scalar";
}
