// Baton
// SPDX-License-Identifier: Apache-2.0

internal import CLinux

/// What a descriptor is waited for, and what it is ready for.
public struct Readiness: OptionSet, Sendable {
    /// Bits as the kernel has them.
    public let rawValue: UInt32

    /// Bits as the kernel has them.
    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// There are bytes, a connection, or the end of input.
    public static let readable = Self(rawValue: baton_event_readable)
    /// There is room for bytes.
    public static let writable = Self(rawValue: baton_event_writable)
    /// The other side sends no more.
    public static let peerClosed = Self(rawValue: baton_event_peer_closed)
    /// Both directions are closed; reported without being asked for.
    public static let hungUp = Self(rawValue: baton_event_hung_up)
    /// The connection broke; reported without being asked for.
    public static let failed = Self(rawValue: baton_event_error)
    /// Of several loops that wait for one descriptor not all are woken; only for registering.
    public static let exclusive = Self(rawValue: baton_event_exclusive)
}
