// Baton
// SPDX-License-Identifier: Apache-2.0

import Reactor

/// Finds out whether a new connection speaks HTTP/2 or HTTP/1: by what TLS agreed on, otherwise by its first bytes.
///
/// Confined to the thread of its loop.
final class ProtocolChoice: ConnectionRole {
    /// What every HTTP/2 client says first (RFC 9113 3.4).
    private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    private let connection: Connection
    private var bytes: [UInt8] = []

    init(_ connection: Connection) {
        self.connection = connection
        let timeouts = connection.group.timeouts
        // A TLS handshake is work that somebody waits for; an open connection without a request is not.
        let limit = connection.isSecure ? timeouts.head : timeouts.idle
        connection.setDeadline(connection.loop.now + limit)
    }

    func receive(_ received: UnsafeBufferPointer<UInt8>) {
        guard bytes.isEmpty else {
            bytes += received
            return bytes.withUnsafeBufferPointer(choose)
        }
        choose(received)
    }

    private func choose(_ all: UnsafeBufferPointer<UInt8>) {
        switch connection.applicationProtocol {
        case "h2": return become(HTTP2Connection(connection), all)
        case "http/1.1": return become(HTTP1Connection(connection), all)
        default: break
        }
        let count = min(all.count, Self.preface.count)
        guard all[..<count].elementsEqual(Self.preface[..<count]) else {
            return become(HTTP1Connection(connection), all)
        }
        if count == Self.preface.count { return become(HTTP2Connection(connection), all) }
        if bytes.isEmpty {
            bytes = Array(all)
            connection.setDeadline(connection.loop.now + connection.group.timeouts.head)
        }
    }

    private func become(_ role: any ConnectionRole, _ all: UnsafeBufferPointer<UInt8>) {
        connection.become(role)
        role.receive(all)
    }

    func inputEnded() { connection.close(.connectionClosed) }
    func outputHasRoom() {}
    func deadlinePassed() { connection.close(.timeout) }
    func drain() { connection.close(.connectionClosed) }
    func connectionClosed(_ reason: HTTPStreamError) {}
}
