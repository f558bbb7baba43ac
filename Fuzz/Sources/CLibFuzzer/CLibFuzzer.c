// Baton
// SPDX-License-Identifier: Apache-2.0

// The function itself comes with the toolchain; a target needs one file.
#include "CLibFuzzer.h"
