// Baton
// SPDX-License-Identifier: Apache-2.0

#pragma once
#include <zlib.h>

/// `deflateInit2` is a macro. Makes a stream that writes the gzip form (RFC 1952).
static inline int baton_gzip_start(z_stream *stream, int level) {
    return deflateInit2(stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
}
