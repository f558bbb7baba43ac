// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON

/// Servers of others that have tools, for the routes that look after them.
public struct ToolServerAccess: Sendable {
    /// Whose tools are approved, or no longer are.
    public struct Change: Sendable {
        /// The server, as the settings name it.
        public let server: String
        /// As the server names them, with the hashes that were seen; `nil` for whatever it is now.
        public let tools: [(name: String, hash: String?)]
        /// Who wants it: `user:…`.
        public let actor: String
        /// Whose audit trail says so.
        public let tenant: String
        /// Where the request came from.
        public let address: String?
        /// Why, as given.
        public let reason: String?
    }

    let list: @Sendable () async -> [JSONValue]
    let look: @Sendable (_ server: String) async throws(Problem) -> JSONValue
    let approve: @Sendable (Change) async throws(Problem) -> JSONValue
    let revoke: @Sendable (Change) async throws(Problem) -> JSONValue

    /// - Parameters:
    ///   - list: All servers, without asking them: `{name, transport, enabled, connected, approved, changed, problem?}`.
    ///   - look: A server with its tools, asked now: 404, or what keeps it from answering (503, 504).
    ///   - approve: Permits tools, and says which: 404, 412 for another hash, 422 for one that cannot be used.
    ///   - revoke: Takes permissions back, and says which: 404.
    public init(
        list: @escaping @Sendable () async -> [JSONValue],
        look: @escaping @Sendable (_ server: String) async throws(Problem) -> JSONValue,
        approve: @escaping @Sendable (Change) async throws(Problem) -> JSONValue,
        revoke: @escaping @Sendable (Change) async throws(Problem) -> JSONValue
    ) {
        (self.list, self.look, self.approve, self.revoke) = (list, look, approve, revoke)
    }
}
