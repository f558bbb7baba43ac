// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import Threads

/// Makes a connection and closes it again, to see whether somebody listens; to the addresses that a policy permits.
public enum ConnectionProbe {
    private static let threads = BlockingThreads(named: "probe", count: 4)

    /// Connects to `host:port`, trying each of its addresses.
    ///
    /// - Throws: ``HTTPClientError``: `invalid`, `blocked`, `unresolved`, `unreachable`, `timeout`, `cancelled`.
    public static func connect(
        to target: String,
        policy: AddressPolicy,
        timeout: Duration,
        resolver: any HostResolver = SystemResolver()
    ) async throws(HTTPClientError) {
        guard AddressPolicy.isEntry(target), let url = try? HTTPURL("http://\(target)") else {
            throw HTTPClientError(.invalid, "`\(target)` is no host and port")
        }
        if let rule = policy.refusal(of: url) { throw HTTPClientError(.blocked, rule) }
        let end = ContinuousClock.now + timeout
        var addresses: [IPAddress]
        do {
            if let address = url.address {
                addresses = [address]
            } else {
                addresses = try await resolver.addresses(of: url.host)
            }
        } catch {
            throw HTTPClientError(.cancelled, "the probe was cancelled")
        }
        guard !addresses.isEmpty else { throw HTTPClientError(.unresolved, "\(url.host) has no address") }
        for address in addresses {
            if let rule = policy.refusal(of: address, for: url) { throw HTTPClientError(.blocked, rule) }
        }
        var last = HTTPClientError(.timeout, "no connection within \(timeout)")
        for address in addresses where ContinuousClock.now < end {
            let result: Result<Void, HTTPClientError>
            do {
                let port = UInt16(url.port)
                result = try await threads.run { Result { () throws(HTTPClientError) in try open(address, port, end) } }
            } catch {
                throw HTTPClientError(.cancelled, "the probe was cancelled")
            }
            switch result {
            case .success: return
            case .failure(let error): last = error
            }
        }
        throw last
    }

    private static func open(
        _ address: IPAddress,
        _ port: UInt16,
        _ end: ContinuousClock.Instant
    ) throws(HTTPClientError) {
        let bytes = address.networkBytes
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let descriptor = socket(bytes.count == 4 ? AF_INET : AF_INET6, kind, 0)
        guard descriptor >= 0 else { throw HTTPClientError(.unreachable, "no socket (errno \(errno))") }
        defer { close(descriptor) }
        let code = bytes.count == 4 ? connect4(descriptor, bytes, port) : connect6(descriptor, bytes, port)
        if code == 0 { return }
        guard errno == EINPROGRESS else { throw refused(errno) }
        var poller = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        while true {
            let left = max(0, (end - ContinuousClock.now) / .milliseconds(1))
            let count = poll(&poller, 1, Int32(min(left, 60_000)))
            if count > 0 { break }
            guard count < 0, errno == EINTR else { throw HTTPClientError(.timeout, "no connection in time") }
        }
        var error: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) == 0, error == 0 else { throw refused(error) }
    }

    private static func refused(_ code: Int32) -> HTTPClientError {
        HTTPClientError(
            .unreachable,
            code == ECONNREFUSED ? "the connection was refused" : "no connection (errno \(code))"
        )
    }

    private static func connect4(_ descriptor: Int32, _ bytes: [UInt8], _ port: UInt16) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        withUnsafeMutableBytes(of: &address.sin_addr) { $0.copyBytes(from: bytes) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    private static func connect6(_ descriptor: Int32, _ bytes: [UInt8], _ port: UInt16) -> Int32 {
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_port = port.bigEndian
        withUnsafeMutableBytes(of: &address.sin6_addr) { $0.copyBytes(from: bytes) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in6>.size))
            }
        }
    }
}

extension IPAddress {
    /// The network form: 4 or 16 bytes.
    fileprivate var networkBytes: [UInt8] {
        switch self {
        case .v4(let value): withUnsafeBytes(of: value.bigEndian) { Array($0) }
        case .v6(let high, let low):
            withUnsafeBytes(of: high.bigEndian) { Array($0) } + withUnsafeBytes(of: low.bigEndian) { Array($0) }
        }
    }
}
