// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Where a server listens.
public enum Endpoint: Sendable, Hashable {
    /// An IP address, or a name that has one, and a port; 0 lets the system choose.
    case tcp(host: String, port: Int)
    /// The same with TLS 1.2 or newer.
    case tls(host: String, port: Int, TLSIdentity)
    /// A path that only the owner of this process can connect to.
    case unix(path: String)
    /// A socket that listens already; the server closes it.
    case listening(descriptor: Int32)
}

/// How long a server waits for its clients.
public struct ServerTimeouts: Sendable {
    /// A connection may be without a request.
    public var idle: Duration = .seconds(75)
    /// From the first byte of a request to the end of its head.
    public var head: Duration = .seconds(15)
    /// Between two pieces of a body that somebody reads.
    public var body: Duration = .seconds(30)
    /// What is to be sent may wait without any of it being taken.
    public var write: Duration = .seconds(60)
    /// After the client has ended its side, an answer may take without any of it being sent. Whether such a client still
    /// reads cannot be known.
    public var halfClosed: Duration = .seconds(5)

    /// The usual times.
    public init() {}
}

/// Bounds of what a server takes on.
public struct ServerLimits: Sendable {
    /// Of the head of a request.
    public var head = HeadLimits()
    /// Connections at a time; more are answered with 503 and closed.
    public var connections = 16384
    /// Requests at a time on one HTTP/2 connection.
    public var streams = 128
    /// Bytes of a body that was not read by the handler and is thrown away to keep the connection.
    public var discardedBody = 65536

    /// The usual bounds.
    public init() {}
}

/// How a server works.
public struct ServerConfiguration: Sendable {
    /// Where it listens.
    public var endpoints: [Endpoint]
    /// Threads that serve connections.
    public var loops: Int
    /// How long it waits.
    public var timeouts = ServerTimeouts()
    /// What it takes on.
    public var limits = ServerLimits()
    /// Compresses text of 1 KiB and more for clients that take gzip.
    public var compresses = true

    /// One thread for each two processors, at least one and at most four: a loop that has enough to do answers more than two
    /// that wait for each other and for the rest of the program.
    public init(endpoints: [Endpoint]) {
        self.endpoints = endpoints
        loops = min(4, max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))) / 2))
    }
}

/// The same in milliseconds, as loops count.
struct TimeoutMilliseconds: Sendable {
    let idle, head, body, write, halfClosed: Int64

    init(_ timeouts: ServerTimeouts) {
        idle = timeouts.idle.milliseconds
        head = timeouts.head.milliseconds
        body = timeouts.body.milliseconds
        write = timeouts.write.milliseconds
        halfClosed = timeouts.halfClosed.milliseconds
    }
}

extension Duration {
    /// At least 1, at most a year.
    var milliseconds: Int64 {
        let year: Int64 = 31_536_000
        let (seconds, attoseconds) = components
        guard seconds < year else { return year * 1000 }
        return max(1, seconds * 1000 + attoseconds / 1_000_000_000_000_000)
    }
}
