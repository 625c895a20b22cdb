// SPDX-License-Identifier: Apache-2.0
// All shared kernels for the vector vocabulary included before.
#pragma once

#include "float_attention.h"
#include "float_conv.h"
#include "float_dwconv.h"
#include "float_elementwise.h"
#include "float_maps.h"
