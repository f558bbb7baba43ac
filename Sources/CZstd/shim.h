// Baton
// SPDX-License-Identifier: Apache-2.0

#pragma once
#include <zstd.h>

// What Swift cannot import: macros with casts.

static const unsigned long long baton_zstd_unknown_size = ZSTD_CONTENTSIZE_UNKNOWN;
static const unsigned long long baton_zstd_no_frame = ZSTD_CONTENTSIZE_ERROR;
