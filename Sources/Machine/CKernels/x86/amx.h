// SPDX-License-Identifier: Apache-2.0
// Tile registers (AMX): their shapes are set at the beginning of a kernel call and given up at its end.
#pragma once

#include <immintrin.h>
#include <stdint.h>

// What LDTILECFG reads.
typedef struct {
  uint8_t palette, start_row, reserved[14];
  uint16_t bytes[16];  // of a row
  uint8_t rows[16];
} rm_amx_tiles;

// The bytes of a row of a tile, and its rows, at most.
enum { RM_AMX_ROW_BYTES = 64, RM_AMX_ROWS = 16 };

// Sets this thread's tiles, and clears them.
__attribute__((target("amx-tile"))) static inline void rm_amx_configure(const rm_amx_tiles *tiles) {
  // Compilers have taken the instruction to read less than it does.
  __asm__ volatile("" ::"r"(tiles) : "memory");
  _tile_loadconfig(tiles);
}
