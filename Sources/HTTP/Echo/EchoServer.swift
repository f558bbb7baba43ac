// Baton
// SPDX-License-Identifier: Apache-2.0

// Swift finds the socket address types in whichever C module includes them first.
internal import CCurl
import Glibc
import Synchronization
import Threads

/// A small HTTP service on the loopback device for trying out `http` nodes and for tests that count effects.
///
/// Any path echoes the request as JSON. `/status/NNN` answers with that status, `/redirect?to=URL` redirects (`status`
/// changes the 302), `/fail?key=K&times=N` answers 503 the first N times per key, `/order?amount=N` makes an order
/// (once per Idempotency-Key), `/ledger` shows the counts, `/slow?ms=N` waits up to a minute, `/bytes?count=N` sends N
/// bytes. It is no server for other machines: one request per connection, bodies up to 16 MiB.
public final class EchoServer: Sendable {
    /// Why the service did not start.
    public struct Failure: Error, CustomStringConvertible {
        /// One sentence for people.
        public let description: String
    }

    private struct State {
        var listener: Int32 = -1
        var connections: [Int32] = []
        var isStopping = false
        var threads: [OwnThread] = []
    }

    /// What the service has seen.
    public let ledger = EchoLedger()
    private let state = Mutex(State())
    private let waiting = ThreadSemaphore()
    private let routes: EchoRoutes

    /// Connections that wait for a thread; more are closed at once.
    private static let connectionLimit = 128
    private static let threadCount = 8

    /// A service that has not started yet.
    public convenience init() {
        self.init(extra: [:])
    }

    /// `extra` are whole answers (head and body) by path.
    init(extra: [String: [UInt8]]) {
        routes = EchoRoutes(ledger: ledger, extra: extra)
    }

    /// Listens on 127.0.0.1 and answers until ``stop()``; once only.
    ///
    /// - Parameter port: 0 takes any free port.
    /// - Returns: The port.
    @discardableResult
    public func start(port: Int = 0) throws(Failure) -> Int {
        guard !state.withLock({ $0.isStopping || $0.listener >= 0 }) else {
            throw Failure(description: "this service was started before")
        }
        let listener = try Self.listen(port)
        let threads = (1...Self.threadCount).map { number in
            OwnThread(named: "echo-\(number)") { [self] in serve() }
        }
        let acceptor = OwnThread(named: "echo-accept") { [self] in accept(from: listener) }
        state.withLock { state in
            state.listener = listener
            state.threads = threads + [acceptor]
        }
        return Self.port(of: listener)
    }

    /// Stops listening, waits for requests in flight and ends the threads.
    public func stop() {
        let threads = state.withLock { state in
            state.isStopping = true
            // Wakes up the acceptor; the descriptor is closed by it, so its number cannot be taken meanwhile.
            if state.listener >= 0 { shutdown(state.listener, Int32(SHUT_RDWR)) }
            state.listener = -1
            defer { state.threads = [] }
            return state.threads
        }
        ledger.wakeUp()
        for _ in threads { waiting.signal() }
        for thread in threads { thread.join() }
    }

    private func accept(from listener: Int32) {
        while true {
            let connection = nextConnection(listener)
            let isStopping = state.withLock(\.isStopping)
            guard connection >= 0, !isStopping else {
                if connection >= 0 { close(connection) }
                if isStopping { break }
                // Out of descriptors, most likely; trying again at once would only burn time.
                usleep(10_000)
                continue
            }
            let hasRoom = state.withLock { state in
                guard state.connections.count < Self.connectionLimit else { return false }
                state.connections.append(connection)
                return true
            }
            if hasRoom { waiting.signal() } else { close(connection) }
        }
        close(listener)
    }

    private func nextConnection(_ listener: Int32) -> Int32 {
        let connection = Glibc.accept(listener, nil, nil)
        if connection >= 0 { _ = fcntl(connection, F_SETFD, FD_CLOEXEC) }
        return connection
    }

    private func serve() {
        while true {
            waiting.wait()
            let next: Int32? = state.withLock { $0.connections.isEmpty ? nil : $0.connections.removeFirst() }
            if let next {
                answer(next)
            } else if state.withLock(\.isStopping) {
                return
            }
        }
    }

    private func answer(_ connection: Int32) {
        defer { close(connection) }
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        guard let request = EchoRequest(from: connection) else { return }
        let bytes = routes.answer(to: request)
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            sent += count
        }
        shutdown(connection, Int32(SHUT_WR))
    }

    private static func listen(_ port: Int) throws(Failure) -> Int32 {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard listener >= 0 else { throw Failure(description: "no socket: \(String(cString: strerror(errno)))") }
        _ = fcntl(listener, F_SETFD, FD_CLOEXEC)
        var yes: Int32 = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(truncatingIfNeeded: port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0, Glibc.listen(listener, 128) == 0 else {
            let reason = String(cString: strerror(errno))
            close(listener)
            throw Failure(description: "port \(port) on 127.0.0.1: \(reason)")
        }
        return listener
    }

    private static func port(of listener: Int32) -> Int {
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(listener, $0, &size) }
        }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
