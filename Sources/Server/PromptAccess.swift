// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON

/// Texts of agents and skills, for the routes that show and change them.
public struct PromptAccess: Sendable {
    /// What has texts, as the API has them.
    public enum Kind: String, Sendable, CaseIterable {
        case agent, skill
    }

    /// Another text, or that of the file.
    public struct Change: Sendable {
        /// Of what.
        public let kind: Kind
        /// Its id or name.
        public let name: String
        /// The whole file; `nil` when that of the folder is to count again.
        public let text: String?
        /// Why, as given.
        public let note: String?
        /// The hash of the text that the change is meant for, as `sha256:…`; `nil` for any.
        public let expected: String?
        /// Who wants it: `user:…`.
        public let actor: String
        /// Whose audit trail says so.
        public let tenant: String
        /// Where the request came from.
        public let address: String?

        /// Puts a change together.
        public init(
            of kind: Kind,
            _ name: String,
            text: String?,
            note: String?,
            expected: String?,
            actor: String,
            tenant: String,
            address: String?
        ) {
            (self.kind, self.name, self.text, self.note) = (kind, name, text, note)
            (self.expected, self.actor, self.tenant, self.address) = (expected, actor, tenant, address)
        }
    }

    /// Which versions a list shows.
    public struct Page: Sendable {
        /// Only those with a smaller number.
        public let before: Int?
        /// At most that many.
        public let limit: Int

        /// The newest, or those before one.
        public init(before: Int?, limit: Int) {
            (self.before, self.limit) = (before, limit)
        }
    }

    /// Gives a text, a list, or a version.
    public typealias Show = @Sendable (Kind, _ name: String) async throws(Problem) -> JSONValue
    /// Lists versions.
    public typealias List = @Sendable (Kind, _ name: String, Page) async throws(Problem) -> [JSONValue]
    /// Gives a version.
    public typealias ShowVersion = @Sendable (Kind, _ name: String, _ version: Int) async throws(Problem) -> JSONValue
    /// Changes a text.
    public typealias Apply = @Sendable (Change) async throws(Problem) -> JSONValue

    let show: Show
    let versions: List
    let version: ShowVersion
    let apply: Apply

    /// - Parameters:
    ///   - show: The text that is in force: `{name, text, hash, source, version?}`; 404.
    ///   - versions: What was decided about it, the newest first: `{version, hash?, at, by, note?, in_force}`; 404.
    ///   - version: One of them, with its `text`; 404.
    ///   - apply: Takes another text, and gives it as `show` does; it is in force and stored then. 404, 412 when the text is not
    ///     the expected one, 422 for one that cannot be read.
    public init(
        show: @escaping Show,
        versions: @escaping List,
        version: @escaping ShowVersion,
        apply: @escaping Apply
    ) {
        (self.show, self.versions, self.version, self.apply) = (show, versions, version, apply)
    }
}
