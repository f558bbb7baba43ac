// Baton
// SPDX-License-Identifier: Apache-2.0

internal import CLinux
import Glibc

/// Where a socket is bound, or who is on its other side.
public enum SocketAddress: Hashable, Sendable, CustomStringConvertible {
    /// An IP address in text without brackets, and a port.
    case ip(host: String, port: Int)
    /// A path; empty for the client side of a Unix socket.
    case unix(path: String)

    /// `127.0.0.1:80`, `[::1]:80` or `unix:/path`.
    public var description: String {
        switch self {
        case .ip(let host, let port): host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }

    /// The IP address in text; `nil` for a Unix socket.
    public var host: String? {
        if case .ip(let host, _) = self { host } else { nil }
    }

    /// The port; `nil` for a Unix socket.
    public var port: Int? {
        if case .ip(_, let port) = self { port } else { nil }
    }

    /// Reads what `accept` and `getsockname` give.
    init(_ storage: inout sockaddr_storage) {
        let family = Int32(storage.ss_family)
        self = withUnsafePointer(to: &storage) { pointer in
            switch family {
            case AF_INET:
                pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                    var address = $0.pointee.sin_addr
                    return .ip(host: Self.text(AF_INET, &address), port: Int(UInt16(bigEndian: $0.pointee.sin_port)))
                }
            case AF_INET6:
                pointer.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
                    var address = $0.pointee.sin6_addr
                    return .ip(host: Self.text(AF_INET6, &address), port: Int(UInt16(bigEndian: $0.pointee.sin6_port)))
                }
            default: .unix(path: "")
            }
        }
    }

    private static func text(_ family: Int32, _ address: UnsafeRawPointer) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { buffer in
            guard let text = inet_ntop(family, address, buffer.baseAddress, socklen_t(buffer.count)) else { return "" }
            return String(cString: text)
        }
    }
}
