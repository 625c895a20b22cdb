// SPDX-License-Identifier: Apache-2.0
// Tile registers (AMX): their shapes are set at the beginning of a kernel call and given up at its end.
#pragma once

#include <immintrin.h>
#include <stdint.h>

// What LDTILECFG reads.
typedef struct {
  uint8_t palette, start_row, reserved[14];
  uint16_t row_bytes[16];
  uint8_t rows[16];
} rm_amx_shapes;

// The bytes of a row of a tile, and its most rows.
enum { RM_AMX_ROW_BYTES = 64, RM_AMX_ROWS = 16 };
