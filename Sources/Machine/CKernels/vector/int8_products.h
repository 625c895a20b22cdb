// SPDX-License-Identifier: Apache-2.0
// Products of two stored matrices, by parts of an instruction set: both sides less their zero points in 16 bits, pairs
// of terms in 32. Included behind ISA, NAME(kernel), LANES (the columns of a panel), GROUP (rows that share what is
// read of it, a divisor of RM_INT8_MATMUL_ROWS) and in front of the two functions declared here.

// Terms of a panel, which stays in the cache near the core.
enum { DEPTH = 256 };

typedef struct {
  int16_t rows[RM_INT8_MATMUL_ROWS][DEPTH];
  int16_t columns[DEPTH / 2][LANES][2];
  int32_t sums[RM_INT8_MATMUL_ROWS][LANES];
} panel;

// Adds products of `pairs` pairs of terms to the sums of GROUP rows from `row` on.
ISA static void add_products(panel *p, int32_t row, int32_t pairs);
// Stores the first `columns` of a row of sums.
ISA static void store_sums(const rm_int8_matmul_call *call, const int32_t *sums, uint8_t *out, int32_t columns);

// Terms behind the last of an odd number, and columns behind the last, are zero.
ISA static void fill_panel(const rm_int8_matmul_call *call, panel *p, ptrdiff_t row, int32_t rows, int32_t first,
                           int32_t depth, ptrdiff_t column, int32_t columns) {
  for (int32_t r = 0; r < rows; r++) {
    const uint8_t *a = call->a + (row + r) * call->a_row + first;
    for (int32_t k = 0; k < depth; k++) p->rows[r][k] = (int16_t)(a[k] - call->a_zero);
    if (depth % 2) p->rows[r][depth] = 0;
  }
  for (int32_t k = 0; k < depth; k += 2) {
    const uint8_t *one = call->b + (first + k) * call->b_row + column;
    const uint8_t *two = k + 1 < depth ? one + call->b_row : NULL;
    int16_t(*to)[2] = p->columns[k / 2];
    for (int32_t n = 0; n < columns; n++) {
      to[n][0] = (int16_t)(one[n] - call->b_zero);
      to[n][1] = two ? (int16_t)(two[n] - call->b_zero) : 0;
    }
    for (int32_t n = columns; n < LANES; n++) to[n][0] = to[n][1] = 0;
  }
}

ISA void NAME(rm_int8_matmul)(const rm_int8_matmul_call *call, ptrdiff_t begin, ptrdiff_t end) {
  panel p;
  for (ptrdiff_t row = begin * RM_INT8_MATMUL_ROWS; row < end * RM_INT8_MATMUL_ROWS; row += RM_INT8_MATMUL_ROWS) {
    const int32_t rows = call->rows - row < RM_INT8_MATMUL_ROWS ? (int32_t)(call->rows - row) : RM_INT8_MATMUL_ROWS;
    for (ptrdiff_t column = 0; column < call->columns; column += LANES) {
      const int32_t columns = call->columns - column < LANES ? (int32_t)(call->columns - column) : LANES;
      memset(p.sums, 0, sizeof p.sums);
      // Of rows that a group has too many, the sums are never stored.
      memset(p.rows[rows], 0, sizeof p.rows - (size_t)rows * sizeof p.rows[0]);
      for (int32_t first = 0; first < call->depth; first += DEPTH) {
        const int32_t depth = call->depth - first < DEPTH ? call->depth - first : DEPTH;
        fill_panel(call, &p, row, rows, first, depth, column, columns);
        for (int32_t r = 0; r < rows; r += GROUP) add_products(&p, r, (depth + 1) / 2);
      }
      for (int32_t r = 0; r < rows; r++)
        store_sums(call, p.sums[r], call->out + (row + r) * call->out_row + column, columns);
    }
  }
}
