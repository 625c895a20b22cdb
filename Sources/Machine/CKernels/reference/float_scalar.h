// SPDX-License-Identifier: Apache-2.0
// All scalar kernels on one type of element. The including file defines HALF, NAME, element, get and put. Attention of all pixels stays in floats.
#include "../float_kernels.h"

#include "float_attention.h"
#include "float_conv.h"
#include "float_elementwise.h"
#include "float_geometry.h"
#include "float_products.h"
#include "float_windows.h"
