// Baton
// SPDX-License-Identifier: Apache-2.0

/// Why bytes of a body or messages of a WebSocket cannot be read or written.
public struct HTTPStreamError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What kind of failure this is. New codes may be added in any release.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Kind: String {
            case connectionClosed, tooLarge, malformed, timeout, cancelled, ended
        }

        private let kind: Kind

        private init(_ kind: Kind) {
            self.kind = kind
        }

        /// The other side is gone, or the server stops.
        public static var connectionClosed: Self { Self(.connectionClosed) }
        /// More bytes than the reader allows. Answer with 413.
        public static var tooLarge: Self { Self(.tooLarge) }
        /// What came breaks the protocol; the connection is closed.
        public static var malformed: Self { Self(.malformed) }
        /// Nothing came, or nothing was taken, for too long; the connection is closed.
        public static var timeout: Self { Self(.timeout) }
        /// The task was cancelled while it waited.
        public static var cancelled: Self { Self(.cancelled) }
        /// Written after the end, or read by two readers.
        public static var ended: Self { Self(.ended) }

        /// The stable spelling.
        public var description: String { kind.rawValue }
    }

    /// The kind of failure.
    public let code: Code
    /// One sentence.
    public let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// Code and message.
    public var description: String { "\(code): \(message)" }

    static let connectionClosed = Self(.connectionClosed, "The connection was closed.")
    static let cancelled = Self(.cancelled, "The task was cancelled.")
    static let ended = Self(.ended, "The stream was ended before.")
    static let timeout = Self(.timeout, "Nothing moved for too long.")
}
