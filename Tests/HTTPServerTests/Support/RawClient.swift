// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Reactor
import Threads

private let threads = BlockingThreads(named: "client", count: 8)

/// Runs blocking code of a test on a thread where it may block.
func blocking<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
    // Only a cancelled test ends here.
    guard let value = try? await threads.run(body) else { fatalError("the test was cancelled") }
    return value
}

/// A socket that says what a test wants. Blocks; for `blocking`.
final class RawClient: @unchecked Sendable {
    // Used by one thread at a time.
    let descriptor: Int32
    private(set) var received: [UInt8] = []

    init(_ address: SocketAddress, receiveBuffer: Int32? = nil) {
        switch address {
        case .ip(_, let port):
            descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            if var size = receiveBuffer { setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, 4) }
            var target = sockaddr_in()
            target.sin_family = sa_family_t(AF_INET)
            target.sin_port = in_port_t(port).bigEndian
            target.sin_addr.s_addr = inet_addr("127.0.0.1")
            let result = withUnsafePointer(to: &target) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, 16) }
            }
            precondition(result == 0, "cannot connect: \(errno)")
        case .unix(let path):
            descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            var target = sockaddr_un()
            target.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &target.sun_path) { $0.copyBytes(from: path.utf8) }
            let size = socklen_t(MemoryLayout<sockaddr_un>.size)
            let result = withUnsafePointer(to: &target) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, size) }
            }
            precondition(result == 0, "cannot connect: \(errno)")
        }
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
    }

    deinit { close(descriptor) }

    var text: String { String(decoding: received, as: UTF8.self) }

    /// False when the other side does not take it any more.
    @discardableResult
    func send(_ text: String) -> Bool { send(Array(text.utf8)) }

    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    func endOutput() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Reads once; false at the end, or after ten seconds without anything.
    @discardableResult
    func read(atMost limit: Int = 65536) -> Bool {
        var buffer = [UInt8](repeating: 0, count: limit)
        let count = recv(descriptor, &buffer, limit, 0)
        guard count > 0 else { return false }
        received += buffer[..<count]
        return true
    }

    /// Reads to the end.
    func readAll() -> String {
        while read() {}
        return text
    }

    /// Reads until the text is there; all that was read, from the start on.
    @discardableResult
    func read(until wanted: String) -> String {
        while !text.contains(wanted), read() {}
        return text
    }

    func forget() { received = [] }
}

/// Sends bytes and returns all that comes until the server closes.
func exchange(_ address: SocketAddress, _ text: String, endsOutput: Bool = false) async -> String {
    await blocking {
        let client = RawClient(address)
        client.send(text)
        if endsOutput { client.endOutput() }
        return client.readAll()
    }
}
