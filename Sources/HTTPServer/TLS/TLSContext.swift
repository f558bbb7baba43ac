// Baton
// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Glibc

/// Files that prove who a server is.
public struct TLSIdentity: Sendable, Hashable {
    /// PEM: the certificate, and those that lead from it to one that clients know.
    public var certificateFile: String
    /// PEM, without a password.
    public var keyFile: String

    /// Files that are read when the server starts.
    public init(certificateFile: String, keyFile: String) {
        self.certificateFile = certificateFile
        self.keyFile = keyFile
    }
}

/// What the TLS sessions of one endpoint share.
final class TLSContext: @unchecked Sendable {
    // OpenSSL counts references to it with atomics; it does not change after `init`.

    let pointer: OpaquePointer

    /// - Throws: `ServerError` with code `certificate`.
    init(_ identity: TLSIdentity) throws(ServerError) {
        ERR_clear_error()
        guard let context = SSL_CTX_new(TLS_server_method()) else {
            throw Self.failure("cannot make a TLS context")
        }
        pointer = context
        baton_tls_configure(context)
        let (certificate, key) = (identity.certificateFile, identity.keyFile)
        try Self.check(certificate)
        try Self.check(key)
        guard SSL_CTX_use_certificate_chain_file(context, certificate) == 1 else {
            throw Self.failure("cannot read a certificate in PEM form from \(certificate)")
        }
        guard SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1 else {
            // The check for a match is part of the call.
            throw Self.failure("cannot use the key in \(key) with the certificate in \(certificate)")
        }
        guard SSL_CTX_check_private_key(context) == 1 else {
            throw Self.failure("the key in \(key) does not belong to the certificate in \(certificate)")
        }
        // A password would be asked for on the terminal.
        SSL_CTX_set_alpn_select_cb(context, choose, nil)
    }

    deinit {
        SSL_CTX_free(pointer)
    }

    private static func check(_ path: String) throws(ServerError) {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            throw ServerError(.certificate, "cannot read \(path): \(String(cString: strerror(errno)))")
        }
        close(file)
    }

    private static func failure(_ action: String) -> ServerError {
        let number = ERR_peek_error()
        let reason = ERR_reason_error_string(number).map { String(cString: $0) }
        ERR_clear_error()
        return ServerError(.certificate, reason.map { "\(action): \($0)" } ?? action)
    }
}

/// Chooses HTTP/2 before HTTP/1.1; a client that speaks neither is refused (RFC 7301 3.2).
private func choose(
    _: OpaquePointer?,
    _ chosen: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
    _ chosenCount: UnsafeMutablePointer<UInt8>?,
    _ offered: UnsafePointer<UInt8>?,
    _ offeredCount: UInt32,
    _: UnsafeMutableRawPointer?
) -> Int32 {
    guard let offered else { return SSL_TLSEXT_ERR_NOACK }
    for wanted in ["h2", "http/1.1"] {
        var index = 0
        while index < Int(offeredCount) {
            let count = Int(offered[index])
            guard index + 1 + count <= Int(offeredCount) else { return SSL_TLSEXT_ERR_ALERT_FATAL }
            let name = UnsafeBufferPointer(start: offered + index + 1, count: count)
            if name.elementsEqual(wanted.utf8) {
                chosen?.pointee = name.baseAddress
                chosenCount?.pointee = UInt8(count)
                return SSL_TLSEXT_ERR_OK
            }
            index += 1 + count
        }
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL
}
