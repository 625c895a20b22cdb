// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <immintrin.h>
#include <stdint.h>

// What ldtilecfg reads.
typedef struct {
  uint8_t palette, start_row, reserved[14];
  uint16_t bytes[16];  // of a row
  uint8_t rows[16];
} rm_amx_tiles;

// Sets this thread's tiles, and clears them.
__attribute__((target("amx-tile"))) static inline void rm_amx_configure(const rm_amx_tiles *tiles) {
  // Compilers have taken the instruction to read less than it does.
  __asm__ volatile("" ::"r"(tiles) : "memory");
  _tile_loadconfig(tiles);
}
