// Baton
// SPDX-License-Identifier: Apache-2.0

/// Whose text is meant: `agent:ID` or `skill:NAME`.
public struct PromptName: Sendable, Hashable, CustomStringConvertible {
    /// What has texts.
    public enum Kind: String, Sendable, CaseIterable {
        case agent, skill
    }

    /// What it is.
    public let kind: Kind
    /// Its id or name.
    public let name: String

    /// Names a text.
    public init(_ kind: Kind, _ name: String) {
        (self.kind, self.name) = (kind, name)
    }

    /// Reads the text form; `nil` for one that is none.
    public init?(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let kind = Kind(rawValue: String(parts[0])), !parts[1].isEmpty else { return nil }
        self.init(kind, String(parts[1]))
    }

    /// The text form.
    public var description: String { "\(kind.rawValue):\(name)" }

    /// What a file with its text is called.
    public var fileName: String {
        switch kind {
        case .agent: "\(name).md"
        case .skill: "SKILL.md"
        }
    }
}
