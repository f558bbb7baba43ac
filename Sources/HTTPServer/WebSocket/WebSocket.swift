// Baton
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A WebSocket as the handler sees it: a sequence of messages, and a way to send some.
///
/// The sequence ends when the client closes properly, and throws when it is gone otherwise. Reading slowly slows the
/// client down. Pings, pongs and the closing handshake are taken care of. May be used from any task; messages are read by
/// one.
public final class WebSocket: AsyncSequence, Sendable {
    /// Gives messages.
    public struct Iterator: AsyncIteratorProtocol {
        fileprivate let pipe: Pipe<WebSocketMessage>

        /// The next message; `nil` after the closing.
        ///
        /// - Throws: `HTTPStreamError` with code `connectionClosed`, `malformed`, `timeout` or `cancelled`.
        public mutating func next() async throws(HTTPStreamError) -> WebSocketMessage? {
            try await pipe.next()
        }

        /// The same on the actor of the caller.
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(HTTPStreamError) -> WebSocketMessage? {
            try await pipe.next()
        }
    }

    /// A whole message.
    public typealias Element = WebSocketMessage
    /// What reading throws.
    public typealias Failure = HTTPStreamError

    private static let highWater = 65536

    /// Of those that the client offered, the one that was chosen.
    public let subprotocol: String?
    private let incoming: Pipe<WebSocketMessage>
    let outgoing: BytePipe
    private let peerCode = Mutex<WebSocketCloseCode?>(nil)

    init(
        _ upgrade: WebSocketUpgrade,
        onDemand: @escaping @Sendable () -> Void,
        onSupply: @escaping @Sendable () -> Void
    ) {
        subprotocol = upgrade.subprotocol
        incoming = Pipe(highWater: Self.highWater, onDemand: onDemand)
        outgoing = BytePipe(highWater: Self.highWater, onSupply: onSupply)
    }

    /// Why the client closed; `nil` while it has not.
    public var closeCode: WebSocketCloseCode? { peerCode.withLock { $0 } }

    /// For `for try await`.
    public func makeAsyncIterator() -> Iterator { Iterator(pipe: incoming) }

    /// Sends a message; returns once not too many bytes wait for the client.
    ///
    /// - Throws: `HTTPStreamError` with code `connectionClosed`, `timeout`, `cancelled`, or `ended` after the closing.
    public func send(_ message: WebSocketMessage) async throws(HTTPStreamError) {
        try await outgoing.write(FrameEncoder.frame(message))
    }

    /// Sends text.
    public func send(_ text: String) async throws(HTTPStreamError) {
        try await send(.text(text))
    }

    /// Says that nothing more is sent, after what was sent before. Repeated calls do nothing.
    ///
    /// - Parameter reason: For people; what is beyond 123 bytes is cut off.
    public func close(_ code: WebSocketCloseCode = .normal, reason: String = "") {
        outgoing.offer(FrameEncoder.close(code, reason))
        outgoing.finish()
    }

    // MARK: The side of the connection

    var hasRoom: Bool { incoming.isBelowHighWater }

    func receive(_ message: WebSocketMessage) {
        incoming.offer(message)
    }

    /// Answers the closing of the client with the same code.
    func peerClosed(_ code: WebSocketCloseCode?) {
        peerCode.withLock { $0 = code ?? .noStatus }
        outgoing.offer(FrameEncoder.close(code))
        outgoing.finish()
        incoming.finish()
    }

    /// The server stops.
    func goAway() {
        close(.goingAway)
        incoming.finish()
    }

    func fail(_ failure: HTTPStreamError) {
        incoming.fail(failure)
        outgoing.fail(failure)
    }
}
