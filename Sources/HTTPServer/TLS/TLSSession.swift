// Baton
// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Glibc

/// The server's side of TLS on one socket, without blocking.
///
/// Confined to the thread of its loop.
final class TLSSession {
    /// Bytes of one record.
    private static let recordSize = 16384

    private let session: OpaquePointer?
    /// The last read has to wait for room to write.
    private(set) var waitsToWrite = false
    private var isBroken = false

    init(_ context: TLSContext, _ descriptor: Int32) {
        session = SSL_new(context.pointer)
        SSL_set_fd(session, descriptor)
        SSL_set_accept_state(session)
    }

    deinit {
        SSL_free(session)
    }

    /// What was agreed on (ALPN), once the handshake is over.
    var applicationProtocol: String? {
        var (name, count): (UnsafePointer<UInt8>?, UInt32) = (nil, 0)
        SSL_get0_alpn_selected(session, &name, &count)
        return name.map { String(decoding: UnsafeBufferPointer(start: $0, count: Int(count)), as: UTF8.self) }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> TransferResult {
        ERR_clear_error()
        let count = SSL_read(session, buffer.baseAddress, Int32(buffer.count))
        waitsToWrite = false
        return count > 0 ? .bytes(Int(count)) : failure(count)
    }

    func write(_ bytes: UnsafeRawBufferPointer) -> TransferResult {
        ERR_clear_error()
        let count = SSL_write(session, bytes.baseAddress, Int32(min(bytes.count, Self.recordSize)))
        if count > 0 { return .bytes(Int(count)) }
        let result = failure(count)
        // It is the write that waits, which the connection knows.
        waitsToWrite = false
        return result
    }

    /// Tells the other side that no more comes.
    func endOutput() {
        guard !isBroken, SSL_is_init_finished(session) == 1 else { return }
        ERR_clear_error()
        SSL_shutdown(session)
    }

    private func failure(_ result: Int32) -> TransferResult {
        switch SSL_get_error(session, result) {
        case SSL_ERROR_WANT_READ: return .wouldBlock
        case SSL_ERROR_WANT_WRITE:
            waitsToWrite = true
            return .wouldBlock
        case SSL_ERROR_ZERO_RETURN: return .ended
        default:
            // After such an error OpenSSL allows nothing more on the session.
            isBroken = true
            return .failed
        }
    }
}
