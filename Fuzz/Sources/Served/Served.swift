// Baton
// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc
public import HTTPServer
import Reactor

/// A server on a Unix socket that is fed with inputs, each on a connection of its own.
public struct Served: Sendable {
    private let path: String
    private let server: WebServer

    /// Starts to serve.
    public init(_ handler: @escaping HTTPHandler) {
        // The server may have closed when an input is sent.
        signal(SIGPIPE, SIG_IGN)
        let path = "/tmp/baton-fuzz-\(getpid())"
        var configuration = ServerConfiguration(endpoints: [.unix(path: path)])
        configuration.loops = 1
        let final = configuration
        let done = DispatchSemaphore(value: 0)
        nonisolated(unsafe) var started: WebServer?
        Task {
            started = try? await WebServer.start(final, handler: handler)
            done.signal()
        }
        done.wait()
        guard let started else { fatalError("the server does not start") }
        (self.path, server) = (path, started)
    }

    /// Connections that are open.
    public var connectionCount: Int { server.connectionCount }

    /// Sends the bytes in one or two pieces, ends the output, and returns all that comes.
    public func exchange(_ bytes: [UInt8], cut: Int = 0) -> [UInt8] {
        let client = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(client) }
        var target = sockaddr_un()
        target.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &target.sun_path) { $0.copyBytes(from: path.utf8) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let result = withUnsafePointer(to: &target) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(client, $0, size) }
        }
        guard result == 0 else { fatalError("cannot connect: \(errno)") }
        for piece in [bytes[..<cut], bytes[cut...]] where !piece.isEmpty {
            piece.withUnsafeBytes { _ = send(client, $0.baseAddress, $0.count, 0) }
        }
        shutdown(client, Int32(SHUT_WR))
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while case let count = recv(client, &buffer, buffer.count, 0), count > 0 { received += buffer[..<count] }
        return received
    }
}
