// Baton
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import HTTP
import Reactor

/// One connection of a program and the one that is made for it. Confined to the thread of its loop.
final class EgressConnection: Deadlined, @unchecked Sendable {
    // All variables are touched on the thread of `loop` only.

    /// One of both ends.
    private final class Side: EventHandler {
        let descriptor: Int32
        /// To be written.
        var output: [UInt8] = []
        /// What may still be read; `nil` is unlimited.
        var allowance: Int?
        var hasEnded = false
        var isShut = false
        unowned let connection: EgressConnection
        private var waited: Readiness = []
        private var isAdded = false

        init(_ descriptor: Int32, _ connection: EgressConnection) {
            (self.descriptor, self.connection) = (descriptor, connection)
        }

        func ready(for events: Readiness) { connection.ready(self, events) }

        func wait(for events: Readiness, _ loop: EventLoop) {
            guard !events.isEmpty else { return leave(loop) }
            guard isAdded else {
                isAdded = (try? loop.add(descriptor, for: events, self)) != nil
                waited = events
                return
            }
            guard events != waited else { return }
            waited = events
            loop.change(descriptor, to: events)
        }

        /// The loop would tell of its end again and again, whatever it is asked for.
        private func leave(_ loop: EventLoop) {
            if isAdded { loop.remove(descriptor) }
            isAdded = false
        }

        func close(_ loop: EventLoop) {
            leave(loop)
            Glibc.close(descriptor)
        }
    }

    private enum Phase {
        case head
        case checking
        case connecting(EgressHead, rest: [IPAddress])
        case open
        case closing
        case closed
    }

    /// So much may wait for a slow end.
    private static let highWater = 256 << 10
    private static let headTime: Int64 = 10_000
    private static let connectTime: Int64 = 10_000
    private static let idleTime: Int64 = 120_000

    private let loop: EventLoop
    private let proxy: EgressProxy
    private var client: Side?
    private var server: Side?
    private var phase = Phase.head
    private var head: [UInt8] = []
    var timerPlace = TimerPlace()

    private let descriptor: Int32

    init(_ descriptor: Int32, _ loop: EventLoop, _ proxy: EgressProxy) {
        (self.descriptor, self.loop, self.proxy) = (descriptor, loop, proxy)
    }

    func start() {
        let side = Side(descriptor, self)
        client = side
        side.wait(for: .readable, loop)
        loop.setDeadline(loop.now + Self.headTime, of: self)
    }

    func deadlinePassed() { close() }

    func close() {
        if case .closed = phase { return }
        phase = .closed
        loop.removeDeadline(of: self)
        client?.close(loop)
        server?.close(loop)
        (client, server) = (nil, nil)
        proxy.remove(self)
    }

    private func ready(_ side: Side, _ events: Readiness) {
        switch phase {
        case .head: readHead(side)
        case .checking: break
        case .connecting(let head, let rest): if side === server { connected(head, rest) }
        case .open: exchange(side, events)
        case .closing: flush(side)
        case .closed: break
        }
    }

    // MARK: The request

    private func readHead(_ side: Side) {
        let count = Glibc.read(side.descriptor, loop.readBuffer.baseAddress, 8192)
        guard count > 0 else {
            if count == 0 || (errno != EAGAIN && errno != EINTR) { close() }
            return
        }
        head += UnsafeRawBufferPointer(rebasing: loop.readBuffer[..<count])
        guard let end = EgressHead.end(in: head) else {
            if head.count > EgressHead.limit { answer(431, "the head is too long") }
            return
        }
        let rest = Array(head[end...])
        let parsed: EgressHead
        do throws(EgressHead.Defect) {
            parsed = try EgressHead(head[..<end])
        } catch {
            return answer(error.status, error.message)
        }
        head = []
        phase = .checking
        side.wait(for: [], loop)
        loop.setDeadline(loop.now + Self.connectTime, of: self)
        let (proxy, loop) = (proxy, loop)
        Task { [self] in
            let result = await proxy.check(parsed)
            loop.execute { [self] in checked(parsed, rest, result) }
        }
    }

    private func checked(_ parsed: EgressHead, _ rest: [UInt8], _ result: Result<[IPAddress], EgressProxy.Forbidden>) {
        guard case .checking = phase else { return }
        switch result {
        case .failure(let forbidden):
            proxy.refuse(parsed, forbidden.rule)
            answer(forbidden.status, forbidden.rule)
        case .success(let addresses):
            head = rest
            connect(parsed, addresses)
        }
    }

    /// Answers in place of a server, and closes.
    private func answer(_ status: Int, _ message: String) {
        let body = "\(message)\n"
        let reason =
            [400: "Bad Request", 403: "Forbidden", 411: "Length Required", 502: "Bad Gateway"][status] ?? "Refused"
        client?.output = Array(
            """
            HTTP/1.1 \(status) \(reason)\r
            Content-Type: text/plain; charset=utf-8\r
            Content-Length: \(body.utf8.count)\r
            Connection: close\r
            \r
            \(body)
            """.utf8
        )
        phase = .closing
        loop.setDeadline(loop.now + Self.connectTime, of: self)
        if let client { flush(client) }
    }

    // MARK: The server

    private func connect(_ head: EgressHead, _ addresses: [IPAddress]) {
        var rest = addresses
        while !rest.isEmpty {
            let address = rest.removeFirst()
            guard let descriptor = Self.open(address, head.url.port) else { continue }
            let side = Side(descriptor, self)
            server = side
            phase = .connecting(head, rest: rest)
            side.wait(for: .writable, loop)
            return
        }
        answer(502, "\(head.url.authority) cannot be reached")
    }

    private func connected(_ head: EgressHead, _ rest: [IPAddress]) {
        guard let side = server else { return }
        var error: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(side.descriptor, SOL_SOCKET, SO_ERROR, &error, &size)
        guard error == 0 else {
            side.close(loop)
            server = nil
            return connect(head, rest)
        }
        phase = .open
        if head.isTunnel {
            client?.output = Array("HTTP/1.1 200 Connection Established\r\n\r\n".utf8)
            side.output = self.head
        } else {
            // One request only: what comes after its body is dropped.
            let body = self.head.prefix(head.bodyLength)
            side.output = head.forwarded + body
            client?.allowance = head.bodyLength - body.count
        }
        self.head = []
        settle()
    }

    private static func open(_ address: IPAddress, _ port: Int) -> Int32? {
        switch address {
        case .v4(let value):
            var target = sockaddr_in()
            target.sin_family = sa_family_t(AF_INET)
            target.sin_port = in_port_t(UInt16(port).bigEndian)
            target.sin_addr.s_addr = value.bigEndian
            return open(AF_INET, &target, MemoryLayout<sockaddr_in>.size)
        case .v6(let high, let low):
            var target = sockaddr_in6()
            target.sin6_family = sa_family_t(AF_INET6)
            target.sin6_port = in_port_t(UInt16(port).bigEndian)
            withUnsafeMutableBytes(of: &target.sin6_addr) { bytes in
                bytes.storeBytes(of: high.bigEndian, as: UInt64.self)
                bytes.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
            }
            return open(AF_INET6, &target, MemoryLayout<sockaddr_in6>.size)
        }
    }

    private static func open<Address>(_ family: Int32, _ address: inout Address, _ size: Int) -> Int32? {
        let descriptor = baton_stream_socket(family)
        guard descriptor >= 0 else { return nil }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(size))
            }
        }
        guard result == 0 || errno == EINPROGRESS else {
            Glibc.close(descriptor)
            return nil
        }
        return descriptor
    }

    // MARK: Both ways

    private func exchange(_ side: Side, _ events: Readiness) {
        if events.contains(.writable) || events.contains(.failed) { guard write(side) else { return close() } }
        let isReadable = !events.isDisjoint(with: [.readable, .peerClosed, .hungUp, .failed])
        if isReadable, !side.hasEnded { guard read(from: side) else { return close() } }
        loop.setDeadline(loop.now + Self.idleTime, of: self)
        settle()
    }

    /// False when the connection broke.
    private func read(from side: Side) -> Bool {
        guard let other = side === client ? server : client, other.output.count < Self.highWater else { return true }
        let count = Glibc.read(side.descriptor, loop.readBuffer.baseAddress, loop.readBuffer.count)
        if count == 0 {
            side.hasEnded = true
            return true
        }
        guard count > 0 else { return errno == EAGAIN || errno == EINTR }
        var bytes = loop.readBuffer[..<count]
        if let allowance = side.allowance {
            bytes = bytes.prefix(allowance)
            side.allowance = allowance - bytes.count
        }
        other.output += UnsafeRawBufferPointer(rebasing: bytes)
        return write(other)
    }

    /// False when the connection broke.
    private func write(_ side: Side) -> Bool {
        while !side.output.isEmpty {
            let count = side.output.withUnsafeBytes {
                send(side.descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count >= 0 else { return errno == EAGAIN || errno == EINTR }
            side.output.removeFirst(count)
        }
        return true
    }

    /// Passes ends on, and says what is waited for.
    private func settle() {
        guard case .open = phase, let client, let server else { return }
        for (side, other) in [(client, server), (server, client)] {
            guard write(side) else { return close() }
            if other.hasEnded, side.output.isEmpty, !side.isShut {
                side.isShut = true
                shutdown(side.descriptor, Int32(SHUT_WR))
            }
        }
        // A server that has said all to one request is done, whatever its client still sends.
        if server.hasEnded, client.output.isEmpty, client.hasEnded || client.allowance != nil { return close() }
        for (side, other) in [(client, server), (server, client)] {
            var events: Readiness = []
            if !side.hasEnded, other.output.count < Self.highWater { events.insert(.readable) }
            if !side.output.isEmpty { events.insert(.writable) }
            side.wait(for: events, loop)
        }
    }

    /// Writes the last answer, and closes.
    private func flush(_ side: Side) {
        guard side === client else { return }
        guard write(side), !side.output.isEmpty else {
            shutdown(side.descriptor, Int32(SHUT_WR))
            return close()
        }
        side.wait(for: .writable, loop)
    }
}
