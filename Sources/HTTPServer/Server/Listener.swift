// Baton
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import Reactor
import Synchronization

/// Takes the connections of one socket for one loop, and gives each to the loop that has the fewest.
///
/// Confined to the thread of its loop.
final class Listener: EventHandler, Deadlined, @unchecked Sendable {
    // All variables are touched on the thread of the loop only.

    /// Connections taken at a time, so that other loops get some of a crowd.
    private static let turnLimit = 16
    /// How long it waits when the process has no descriptors left.
    private static let pause: Int64 = 200
    private static let refusal = Array(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nretry-after: 1\r\nconnection: close\r\n\r\n".utf8
    )

    private let socket: ListeningSocket
    private let tls: TLSContext?
    private let groups: [ConnectionGroup]
    private let own: ConnectionGroup
    private let connectionLimit: Int
    private var isListening = false
    var timerPlace = TimerPlace()

    init(socket: ListeningSocket, tls: TLSContext?, own: ConnectionGroup, groups: [ConnectionGroup]) {
        self.socket = socket
        self.tls = tls
        self.own = own
        self.groups = groups
        connectionLimit = own.limits.connections
    }

    var loop: EventLoop { own.loop }

    func start() throws(SocketError) {
        try own.loop.add(socket.descriptor, for: [.readable, .exclusive], self)
        isListening = true
    }

    func stop() {
        own.loop.removeDeadline(of: self)
        if isListening { own.loop.remove(socket.descriptor) }
        isListening = false
    }

    func ready(for events: Readiness) {
        for _ in 0..<Self.turnLimit {
            do {
                guard let (descriptor, remote) = try socket.accept() else { return }
                place(descriptor, remote)
            } catch {
                // It waits in the queue of the kernel until descriptors are free again.
                stop()
                own.loop.setDeadline(own.loop.now + Self.pause, of: self)
                return
            }
        }
    }

    func deadlinePassed() {
        do { try start() } catch { own.loop.setDeadline(own.loop.now + Self.pause, of: self) }
    }

    private func place(_ descriptor: Int32, _ remote: SocketAddress) {
        var (best, lowest, total) = (own, own.count.load(ordering: .relaxed), 0)
        for group in groups {
            let count = group.count.load(ordering: .relaxed)
            total += count
            // Moving to another thread costs something, so small differences stay.
            if count + 2 < lowest { (best, lowest) = (group, count) }
        }
        guard total < connectionLimit else {
            // Without TLS a client that expects it would not understand.
            if tls == nil { _ = send(descriptor, Self.refusal, Self.refusal.count, Int32(MSG_NOSIGNAL)) }
            close(descriptor)
            return
        }
        best.count.add(1, ordering: .relaxed)
        let (group, tls) = (best, tls)
        group.loop.execute { group.add(descriptor, remote, tls) }
    }
}
