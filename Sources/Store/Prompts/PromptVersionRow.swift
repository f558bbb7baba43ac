// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// What somebody decided about the text of an agent or a skill (spec 8.10): that it is another one than its file has, or that
/// the file counts again. Versions stay; only the newest of a name counts.
public struct PromptVersionRow: Sendable, Equatable {
    /// Whose text: `agent:ID` or `skill:NAME`.
    public var name: String
    /// Dense from 1 within a name.
    public var version: Int
    /// SHA-256 of the text in hexadecimal digits; `nil` where the file counts again.
    public var hash: String?
    /// The text; `nil` in lists, and where the file counts again.
    public var text: [UInt8]?
    /// When.
    public var at: Timestamp
    /// By whom: `user:ID`.
    public var actor: String
    /// Why, as given.
    public var note: String?

    /// Puts a row together.
    public init(
        name: String,
        version: Int,
        hash: String?,
        text: [UInt8]? = nil,
        at: Timestamp,
        actor: String,
        note: String? = nil
    ) {
        (self.name, self.version, self.hash, self.text) = (name, version, hash, text)
        (self.at, self.actor, self.note) = (at, actor, note)
    }
}

extension StoreError {
    /// A text was changed meanwhile.
    public static func promptTaken(_ row: PromptVersionRow) -> Self {
        Self(.conflict, "The text of \(row.name) was changed meanwhile: another writer was faster.")
    }
}
