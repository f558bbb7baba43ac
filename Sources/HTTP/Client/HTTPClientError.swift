// Baton
// SPDX-License-Identifier: Apache-2.0

/// Why there is no answer.
public struct HTTPClientError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure this is. New codes may be added in any release.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Kind: String {
            case invalid, blocked, unresolved, unreachable, untrusted, timeout, tooLarge, connectionLost, cancelled
        }

        private let kind: Kind

        private init(_ kind: Kind) {
            self.kind = kind
        }

        /// The request cannot be sent as it is: bad method, header or URL.
        public static var invalid: Self { Self(.invalid) }
        /// ``AddressPolicy`` forbids the target; the message names the rule.
        public static var blocked: Self { Self(.blocked) }
        /// The name has no address, or none could be found now.
        public static var unresolved: Self { Self(.unresolved) }
        /// No connection was made, or TLS did not come about.
        public static var unreachable: Self { Self(.unreachable) }
        /// The certificate is not valid for the host.
        public static var untrusted: Self { Self(.untrusted) }
        /// The time was up.
        public static var timeout: Self { Self(.timeout) }
        /// The answer passes a bound: body, headers, or the ratio of decompression.
        public static var tooLarge: Self { Self(.tooLarge) }
        /// The connection broke, or what came is not HTTP.
        public static var connectionLost: Self { Self(.connectionLost) }
        /// The task was cancelled.
        public static var cancelled: Self { Self(.cancelled) }

        /// The stable spelling.
        public var description: String { kind.rawValue }
    }

    /// The kind of failure.
    public let code: Code
    /// One sentence; no header values.
    public let message: String
    /// The request may have reached the other side, so a write may have happened.
    public var mayHaveLeft: Bool

    init(_ code: Code, _ message: String, mayHaveLeft: Bool = false) {
        self.code = code
        self.message = message
        self.mayHaveLeft = mayHaveLeft
    }

    /// Code and message.
    public var description: String { "\(code): \(message)" }
}
