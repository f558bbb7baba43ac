// Baton
// SPDX-License-Identifier: Apache-2.0

/// A pattern over names such as `runs.read`: the name itself, `runs.*` for all below `runs`, or `*` for everything.
public struct ScopePattern: Sendable, Hashable, CustomStringConvertible {
    /// The text form.
    public let description: String

    /// Everything.
    public static let all = ScopePattern(unchecked: "*")

    private init(unchecked text: String) {
        description = text
    }

    /// Checks the text form; `nil` when it is none: words of lower-case letters, digits and `_` between points, of
    /// which the last may be `*`.
    public init?(_ text: String) {
        let words = text.split(separator: ".", omittingEmptySubsequences: false)
        guard text.utf8.count <= 100 else { return nil }
        for (index, word) in words.enumerated() {
            if word == "*", index == words.count - 1 { continue }
            let isWord = word.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 95 }
            guard !word.isEmpty, isWord else { return nil }
        }
        description = text
    }

    /// Whether everything that the other pattern stands for is in this one.
    public func covers(_ other: ScopePattern) -> Bool {
        // The star of the other one is matched like a name.
        self == other || matches(other.description)
    }

    /// Whether the pattern stands for the name.
    public func matches(_ name: String) -> Bool {
        if description == "*" { return true }
        guard description.hasSuffix(".*") else { return name == description }
        return name.utf8.starts(with: description.utf8.dropLast())
    }
}
