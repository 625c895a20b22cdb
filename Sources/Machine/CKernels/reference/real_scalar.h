// SPDX-License-Identifier: Apache-2.0
// All scalar kernels on one type of element, and their table. The including file defines HALF, STORAGE, LEVEL, NAME,
// element, get and put. Attention of all pixels stays in floats.
#include "real_attention.h"
#include "real_conv.h"
#include "real_elementwise.h"
#include "real_geometry.h"
#include "real_products.h"
#include "real_windows.h"

#include "real_tables.h"

const rm_real_table NAME(table) = {
    .conv = NAME(conv),
    .dwconv = NAME(dwconv),
    .dwconv3x3 = NAME(dwconv),
    .add = NAME(add),
    .sub = NAME(sub),
    .mul = NAME(mul),
    .div = NAME(div),
    .clamp = NAME(clamp),
    .sigmoid = NAME(sigmoid),
    .hard_sigmoid = NAME(hard_sigmoid),
    .hard_swish = NAME(hard_swish),
    .softmax = NAME(softmax),
    .average_pool = NAME(average_pool),
    .max_pool = NAME(max_pool),
    .global_average_pool = NAME(global_average_pool),
    .reduce = NAME(reduce),
    .arg_max = NAME(arg_max),
    .copy = rm_copy__scalar,
    .fill = NAME(fill),
    .resize = NAME(resize),
    .gridsample = NAME(gridsample),
    .warp = NAME(warp),
    .local_attention = NAME(local_attention),
#if !HALF
    .global_attention = NAME(global_attention),
#endif
    .matmul = NAME(matmul),
    .quantize = NAME(quantize),
    .dequantize = NAME(dequantize),
    .to_float = NAME(to_float),
    .from_float = NAME(from_float),
    .storage = STORAGE,
    .name = LEVEL,
    .conv_name = LEVEL,
    .curve_name = LEVEL,
};
