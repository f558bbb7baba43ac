// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Threads

/// Finds the addresses of host names.
public protocol HostResolver: Sendable {
    /// All addresses of a name, in the order to try them; empty when it has none or cannot be resolved now.
    ///
    /// - Throws: `CancellationError` when the task is cancelled.
    func addresses(of host: String) async throws(CancellationError) -> [IPAddress]
}

/// The resolver of the system (`getaddrinfo`), on threads of its own.
public struct SystemResolver: HostResolver {
    private static let threads = BlockingThreads(named: "resolve", count: 4)

    /// The system's resolver.
    public init() {}

    /// All addresses of a name; blocks only the resolver's threads.
    public func addresses(of host: String) async throws(CancellationError) -> [IPAddress] {
        try await Self.threads.run { Self.lookUp(host) }
    }

    private static func lookUp(_ host: String) -> [IPAddress] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        var found: [IPAddress] = []
        var next = list
        while let entry = next {
            if let address = read(entry.pointee), !found.contains(address) { found.append(address) }
            next = entry.pointee.ai_next
        }
        return found
    }

    private static func read(_ entry: addrinfo) -> IPAddress? {
        guard let socketAddress = entry.ai_addr else { return nil }
        let raw = UnsafeRawBufferPointer(start: socketAddress, count: Int(entry.ai_addrlen))
        switch entry.ai_family {
        case AF_INET where raw.count >= 8: return IPAddress(bytes: Array(raw[4..<8]))
        case AF_INET6 where raw.count >= 24: return IPAddress(bytes: Array(raw[8..<24]))
        default: return nil
        }
    }
}
