// Baton
// SPDX-License-Identifier: Apache-2.0

internal import CLinux
import Glibc

/// A socket that takes connections.
public struct ListeningSocket: Sendable {
    /// Does not block; closed by ``close()``.
    public let descriptor: Int32
    /// Where it is bound; with the port that the system chose when 0 was asked for.
    public let address: SocketAddress

    /// Binds to an address of this machine.
    ///
    /// The address may be used again at once after a stop (`SO_REUSEADDR`). IPv6 sockets take IPv6 only.
    ///
    /// - Parameters:
    ///   - host: An IP address, or a name that has one; the first is taken. Names are looked up in place, which blocks.
    ///   - port: 0 lets the system choose.
    /// - Throws: `SocketError`: the name has no address, or the address is in use or not of this machine.
    public static func tcp(host: String, port: Int) throws(SocketError) -> ListeningSocket {
        guard (0...65535).contains(port) else { throw SocketError("\(port) is no port: it is between 0 and 65535") }
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        var list: UnsafeMutablePointer<addrinfo>?
        let error = getaddrinfo(host, String(port), &hints, &list)
        guard error == 0, let first = list else {
            throw SocketError("cannot listen on \(host): \(String(cString: gai_strerror(error)))")
        }
        defer { freeaddrinfo(list) }
        let name = SocketAddress.ip(host: host, port: port).description
        let descriptor = baton_stream_socket(first.pointee.ai_family)
        guard descriptor >= 0 else { throw SocketError("listen on \(name)", errno) }
        set(descriptor, SOL_SOCKET, SO_REUSEADDR)
        if first.pointee.ai_family == AF_INET6 { set(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY) }
        return try listen(descriptor, first.pointee.ai_addr, first.pointee.ai_addrlen, name) { bound in bound }
    }

    /// Binds to a path that only the owner of this process can connect to (mode 0600).
    ///
    /// A socket that a dead process left is replaced.
    ///
    /// - Throws: `SocketError`: the path is too long (107 bytes), is something else than a socket, or a living process
    ///   listens there.
    public static func unix(path: String) throws(SocketError) -> ListeningSocket {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        guard (1..<capacity).contains(path.utf8.count), !path.utf8.contains(0) else {
            throw SocketError("\(path) cannot be the path of a socket: it has to have 1 to \(capacity - 1) bytes")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let length = socklen_t(MemoryLayout<sockaddr_un>.size)
        try removeStale(path, &address, length)
        let descriptor = baton_stream_socket(AF_UNIX)
        guard descriptor >= 0 else { throw SocketError("listen on \(path)", errno) }
        // The file gets its mode from the socket, so it is never open to others, not even for a moment.
        fchmod(descriptor, 0o600)
        let target = SocketAddress.unix(path: path)
        return try withUnsafePointer(to: &address) { pointer throws(SocketError) in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic throws(SocketError) in
                try listen(descriptor, generic, length, path) { _ in target }
            }
        }
    }

    /// Takes a socket over that listens already.
    ///
    /// - Throws: `SocketError` when it is no socket.
    public static func adopting(_ descriptor: Int32) throws(SocketError) -> ListeningSocket {
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
        }
        guard result == 0 else { throw SocketError("take a listening socket over", errno) }
        return ListeningSocket(descriptor: descriptor, address: SocketAddress(&storage))
    }

    /// Takes the next connection; `nil` when none waits any more.
    ///
    /// - Throws: `SocketError` when there is one that cannot be taken, for lack of descriptors or memory.
    public func accept() throws(SocketError) -> (descriptor: Int32, remote: SocketAddress)? {
        while true {
            var storage = sockaddr_storage()
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let connection = baton_accept(descriptor, &storage, &length)
            if connection >= 0 {
                if address.port != nil { Self.set(connection, Int32(IPPROTO_TCP), TCP_NODELAY) }
                return (connection, SocketAddress(&storage))
            }
            switch errno {
            case EAGAIN: return nil
            case EMFILE, ENFILE, ENOBUFS, ENOMEM: throw SocketError("take a connection", errno)
            // What went wrong with the connection before it was taken is no matter of the listener.
            default: continue
            }
        }
    }

    /// Closes it, and removes the path of a Unix socket. Connections that were taken go on.
    public func close() {
        if case .unix(let path) = address { unlink(path) }
        Glibc.close(descriptor)
    }

    private static func listen(
        _ descriptor: Int32,
        _ address: UnsafePointer<sockaddr>,
        _ length: socklen_t,
        _ name: String,
        _ named: (SocketAddress) -> SocketAddress
    ) throws(SocketError) -> ListeningSocket {
        guard bind(descriptor, address, length) == 0, Glibc.listen(descriptor, 4096) == 0 else {
            let reason = errno
            Glibc.close(descriptor)
            throw SocketError("listen on \(name)", reason)
        }
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        _ = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
        }
        return ListeningSocket(descriptor: descriptor, address: named(SocketAddress(&storage)))
    }

    private static func removeStale(
        _ path: String,
        _ address: inout sockaddr_un,
        _ length: socklen_t
    ) throws(SocketError) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw SocketError("cannot listen on \(path): there is something that is no socket")
        }
        let probe = baton_stream_socket(AF_UNIX)
        guard probe >= 0 else { throw SocketError("listen on \(path)", errno) }
        defer { Glibc.close(probe) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(probe, $0, length) }
        }
        guard result != 0, errno == ECONNREFUSED else { throw SocketError("listen on \(path)", EADDRINUSE) }
        unlink(path)
    }

    private static func set(_ descriptor: Int32, _ level: Int32, _ option: Int32) {
        var one: Int32 = 1
        setsockopt(descriptor, level, option, &one, socklen_t(MemoryLayout<Int32>.size))
    }
}
