// Baton
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The client's end of a WebSocket of an ``InProcessServer``.
public final class InProcessWebSocket: Sendable {
    private struct State {
        var decoder: FrameDecoder
        var waiting: [WebSocketMessage] = []
        var closeCode: WebSocketCloseCode?
    }

    private let socket: WebSocket
    private let state: Mutex<State>

    init(_ socket: WebSocket, _ options: WebSocketOptions) {
        self.socket = socket
        state = Mutex(State(decoder: FrameDecoder(maxMessageBytes: options.maxMessageBytes, expectsMask: false)))
    }

    /// What the server chose.
    public var subprotocol: String? { socket.subprotocol }
    /// Why the server closed, once it did.
    public var closeCode: WebSocketCloseCode? { state.withLock(\.closeCode) }

    /// Sends a message to the handler.
    public func send(_ message: WebSocketMessage) {
        socket.receive(message)
    }

    /// The next message of the handler; `nil` when the server closed.
    public func receive() async throws(HTTPStreamError) -> WebSocketMessage? {
        while true {
            if let message = state.withLock({ $0.waiting.isEmpty ? nil : $0.waiting.removeFirst() }) { return message }
            guard let frames = try await socket.outgoing.next() else { return nil }
            try decode(frames)
        }
    }

    /// Closes properly.
    public func close(_ code: WebSocketCloseCode = .normal) {
        socket.peerClosed(code)
    }

    /// Goes away without closing.
    func disconnect() {
        socket.fail(.connectionClosed)
    }

    private func decode(_ frames: [UInt8]) throws(HTTPStreamError) {
        let defect: WebSocketDefect? = state.withLock { state in
            do throws(WebSocketDefect) {
                let events = try frames.withUnsafeBufferPointer { bytes throws(WebSocketDefect) in
                    try state.decoder.decode(bytes)
                }
                for event in events {
                    switch event {
                    case .message(let message): state.waiting.append(message)
                    case .close(let code): state.closeCode = code ?? .noStatus
                    case .ping, .pong: break
                    }
                }
                return nil
            } catch { return error }
        }
        if let defect { throw HTTPStreamError(.malformed, defect.reason) }
    }
}
