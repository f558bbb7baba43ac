// Baton
// SPDX-License-Identifier: Apache-2.0

/// Why something did not work out on a server.
public struct ClientError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure this is. New codes may be added in any release.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Kind: String {
            case invalid, unreachable, untrusted, timeout, connectionLost, cancelled, invalidAnswer, problem
        }

        private let kind: Kind

        private init(_ kind: Kind) { self.kind = kind }

        /// The request cannot be sent as it is; a bad address, for example.
        public static var invalid: Self { Self(.invalid) }
        /// There is no connection to the server: nothing of the request has left.
        public static var unreachable: Self { Self(.unreachable) }
        /// The certificate of the server is not valid for its name.
        public static var untrusted: Self { Self(.untrusted) }
        /// The time was up.
        public static var timeout: Self { Self(.timeout) }
        /// The connection broke; the request may have been carried out.
        public static var connectionLost: Self { Self(.connectionLost) }
        /// The task was cancelled.
        public static var cancelled: Self { Self(.cancelled) }
        /// What came is not what the API says.
        public static var invalidAnswer: Self { Self(.invalidAnswer) }
        /// The server refused; see ``ClientError/problem``.
        public static var problem: Self { Self(.problem) }

        /// The stable spelling.
        public var description: String { kind.rawValue }
    }

    /// The kind of failure.
    public let code: Code
    /// One sentence.
    public let message: String
    /// What the server said, if it did.
    public let problem: APIProblem?

    /// A failure without an answer.
    public init(_ code: Code, _ message: String) {
        (self.code, self.message, problem) = (code, message, nil)
    }

    /// The server's refusal.
    public init(_ problem: APIProblem) {
        (code, message, self.problem) = (.problem, problem.detail, problem)
    }

    /// The same may succeed later.
    public var isTransient: Bool {
        switch code {
        case .unreachable, .timeout, .connectionLost: true
        case .problem: problem.map { [429, 502, 503, 504].contains($0.status) } ?? false
        default: false
        }
    }

    /// Code and message.
    public var description: String { "\(problem?.code ?? code.description): \(message)" }
}
