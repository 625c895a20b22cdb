// SPDX-License-Identifier: Apache-2.0
// What the machine can do at most, measured: what kernels are held against.
#pragma once

#include <stddef.h>

#include "rm_cpu.h"

#ifdef __cplusplus
extern "C" {
#endif

// Multiply-adds a second of one thread by the instruction that the level's integer convolutions are made of, from
// registers alone; 0 where there is no such loop. Takes some milliseconds.
double rm_peak_macs(rm_cpu_level level);

// The same of the level's fused multiply-add in floats.
double rm_peak_f32_macs(rm_cpu_level level);

// The same of its fused multiply-add in halves, 0 where the machine does not compute with them.
double rm_peak_f16_macs(rm_cpu_level level);

// The same of its products of bf16 in tiles (AMX).
double rm_peak_bf16_macs(rm_cpu_level level);

// Bytes a second that one thread copies, read and written ones counted, over buffers of `size` bytes each.
// Returns 0 where memory is short. Takes about 10 ms.
double rm_peak_bytes(size_t size);

#ifdef __cplusplus
}
#endif
