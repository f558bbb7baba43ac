// Baton
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Where a streamed answer is written to.
public struct ResponseWriter: Sendable {
    private let pipe: BytePipe
    private let trailers: Trailers

    private final class Trailers: Sendable {
        let fields = Mutex(HTTPHeaders())
    }

    init(_ pipe: BytePipe) {
        self.pipe = pipe
        trailers = Trailers()
    }

    /// Sends bytes; returns once not too many wait for the client, who may be slow. They leave at the end of the turn.
    ///
    /// - Throws: `HTTPStreamError` with code `connectionClosed`, `timeout` or `cancelled`.
    public func write(_ bytes: [UInt8]) async throws(HTTPStreamError) {
        guard !bytes.isEmpty else { return }
        try await pipe.write(bytes)
    }

    /// Sends text.
    public func write(_ text: String) async throws(HTTPStreamError) {
        try await write(Array(text.utf8))
    }

    /// Sets the fields that follow the body. Over HTTP/1.1 they are only sent to clients that ask for them
    /// (`TE: trailers`).
    public func setTrailers(_ fields: HTTPHeaders) {
        trailers.fields.withLock { $0 = fields }
    }

    /// What ``setTrailers(_:)`` was given.
    var finalTrailers: HTTPHeaders { trailers.fields.withLock { $0 } }
}
