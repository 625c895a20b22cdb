// SPDX-License-Identifier: Apache-2.0
// What is known about a kernel besides its function. Every slot of a table holds a record {function, id}; the lists
// in slots_*.inc name the slots, and which instruction set stands in them at which level.
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

// What a kernel computes with.
typedef enum {
  RM_NUMBERS_QUANTIZED,  // u8 activations, exact: the same bytes everywhere
  RM_NUMBERS_HALF,       // float16
  RM_NUMBERS_BF16,       // float16, rounded to bf16 where it is multiplied: an error of up to 2^-8
  RM_NUMBERS_FLOAT,      // float32
  RM_NUMBERS_ANY,        // nothing: it moves elements of any type
} rm_numbers;

// The instructions that a kernel is made of, each named as kernels are: rm_f32_conv__avx2 has RM_ISA_avx2.
typedef enum {
  RM_ISA_scalar,
  RM_ISA_avx2,
  RM_ISA_avxvnni,
  RM_ISA_avx512,
  RM_ISA_avx512vnni,
  RM_ISA_avx512vbmi,
  RM_ISA_avx512bf16,
  RM_ISA_avx512fp16,
  RM_ISA_amx,
  RM_ISA_neon,
  RM_ISA_neonfp16,
  RM_ISA_neondot,
  RM_ISA_i8mm,
} rm_isa;

typedef struct {
  const char *name;  // of the function, without "rm_": "int8_conv__amx". For people; nothing is decided by it
  rm_numbers numbers;
  rm_isa isa;
} rm_kernel_id;

// A slot of a table without its type; `function` is NULL where the table has no such kernel.
typedef struct {
  const char *slot;  // "conv"
  void (*function)(void);
  const rm_kernel_id *id;
} rm_kernel_slot;

// The record of the kernel rm_<prefix>_<slot>__<isa>.
#define RM_KERNEL(NUMBERS, prefix, slot, isa)                                                        \
  {                                                                                                  \
    rm_##prefix##_##slot##__##isa, { #prefix "_" #slot "__" #isa, RM_NUMBERS_##NUMBERS, RM_ISA_##isa } \
  }

#ifdef __cplusplus
}
#endif
