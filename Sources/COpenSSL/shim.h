// Baton
// SPDX-License-Identifier: Apache-2.0

#pragma once
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>

// Macros that Swift cannot import.

/// TLS 1.2 and newer; partial and moving writes; no buffers for connections that are idle.
static inline void baton_tls_configure(SSL_CTX *context) {
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_mode(
        context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_options(
        context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
}
