// Baton
// SPDX-License-Identifier: Apache-2.0

import Reactor

/// Leads from a WebSocket to its connection, on the thread of the loop.
final class WebSocketLink: @unchecked Sendable {
    // `role` is touched on the thread of the loop only.

    private let loop: EventLoop
    weak var role: WebSocketConnection?

    init(_ loop: EventLoop) {
        self.loop = loop
    }

    func tell(_ body: @escaping @Sendable (WebSocketConnection) -> Void) {
        loop.execute { [self] in
            if let role { body(role) }
        }
    }
}

/// A connection that has become a WebSocket.
///
/// Confined to the thread of its loop.
final class WebSocketConnection: ConnectionRole, @unchecked Sendable {
    // All variables are touched on the thread of the connection's loop only.

    /// How long the client may take to answer a closing.
    private static let closeTime: Int64 = 5_000

    private let connection: Connection
    private let socket: WebSocket
    private let pingInterval: Int64
    private let task: Task<Void, Never>?
    private var decoder: FrameDecoder
    private var isPinged = false
    private var isClosing = false
    private var peerHasClosed = false

    init(_ connection: Connection, _ socket: WebSocket, _ options: WebSocketOptions, task: Task<Void, Never>?) {
        self.connection = connection
        self.socket = socket
        self.task = task
        pingInterval = options.pingInterval.milliseconds
        decoder = FrameDecoder(maxMessageBytes: options.maxMessageBytes)
    }

    /// After the head of the upgrade was sent.
    func begin(with bytes: [UInt8]) {
        connection.setDeadline(connection.loop.now + pingInterval)
        bytes.withUnsafeBufferPointer(receive)
        pull()
    }

    func receive(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard !peerHasClosed else { return }
        isPinged = false
        if !isClosing { connection.setDeadline(connection.loop.now + pingInterval) }
        do throws(WebSocketDefect) {
            for event in try decoder.decode(bytes) { take(event) }
            adjustReading()
        } catch {
            refuse(error)
        }
    }

    /// The handler takes messages.
    func adjustReading() {
        connection.setReading(peerHasClosed || socket.hasRoom)
    }

    /// Moves what the handler sent into the output, whole frames only, as far as there is room.
    func pull() {
        guard !isClosing else { return }
        while connection.outputCount < Connection.highWater {
            switch socket.outgoing.take() {
            case .nothing: return
            case .chunk(let frame): connection.send(frame)
            case .end, .failed: return finish()
            }
        }
    }

    func outputHasRoom() { pull() }

    func inputEnded() {
        connection.close(.connectionClosed)
    }

    func drain() {
        socket.goAway()
    }

    func connectionClosed(_ reason: HTTPStreamError) {
        socket.fail(reason)
        task?.cancel()
    }

    func deadlinePassed() {
        guard !isClosing else { return connection.close(.timeout) }
        // A reader who is slow keeps the client from being heard.
        guard !isPinged || !socket.hasRoom else { return connection.close(.timeout) }
        isPinged = true
        connection.send(FrameEncoder.ping())
        connection.setDeadline(connection.loop.now + pingInterval)
    }

    private func take(_ event: FrameDecoder.Event) {
        switch event {
        case .message(let message): socket.receive(message)
        // What the client does not take away is not answered without bounds.
        case .ping(let payload):
            if connection.outputCount < Connection.highWater { connection.send(FrameEncoder.pong(payload)) }
        case .pong: break
        case .close(let code):
            peerHasClosed = true
            socket.peerClosed(code)
            if isClosing { connection.closeAfterOutput() } else { pull() }
        }
    }

    /// The closing is sent; the client answers it, or has closed itself.
    private func finish() {
        isClosing = true
        if peerHasClosed { return connection.closeAfterOutput() }
        connection.setDeadline(connection.loop.now + Self.closeTime)
        connection.setReading(true)
    }

    private func refuse(_ defect: WebSocketDefect) {
        peerHasClosed = true
        if !isClosing { connection.send(FrameEncoder.close(defect.code, defect.reason)) }
        isClosing = true
        let code: HTTPStreamError.Code = defect.code == .tooLarge ? .tooLarge : .malformed
        socket.fail(HTTPStreamError(code, "The client sent \(defect.reason)."))
        connection.closeAfterOutput()
    }
}
