// Baton
// SPDX-License-Identifier: Apache-2.0

/// What people write for one version of a definition: `NAME`, `NAME@TAG`, `NAME@3` or `NAME@sha256:…`.
public struct VersionReference: Sendable, Hashable, CustomStringConvertible {
    /// Which of the versions.
    public enum Selector: Sendable, Hashable {
        /// The one a tag points to.
        case tag(String)
        /// The one with that number.
        case number(Int)
        /// The one whose hash begins so; the text begins with `sha256:`.
        case hash(String)
    }
    /// The tag that is meant when none is given.
    public static let defaultTag = "main"

    /// The definition.
    public let name: String
    /// Which of its versions.
    public let selector: Selector

    /// Puts a reference together.
    public init(name: String, _ selector: Selector = .tag(Self.defaultTag)) {
        self.name = name
        self.selector = selector
    }

    /// Reads the text form; what stands behind `@` is a number, a hash, or else a tag.
    ///
    /// - Throws: `invalid`, saying what is expected.
    public init(_ text: String) throws(CatalogError) {
        let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        name = parts[0]
        guard Self.isName(name) else {
            throw CatalogError(.invalid, "`\(text)` names no version: write NAME, NAME@TAG, NAME@3 or NAME@sha256:…")
        }
        selector = parts.count == 2 ? try Self.selector(parts[1]) : .tag(Self.defaultTag)
    }

    /// Reads what may stand behind `@`.
    public static func selector(_ text: String) throws(CatalogError) -> Selector {
        if !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }) {
            guard let number = Int(text), number > 0 else {
                throw CatalogError(.invalid, "`\(text)` is no number of a version; the first one is 1")
            }
            return .number(number)
        }
        if text.hasPrefix("sha256:") {
            let digits = text.dropFirst(7).utf8
            guard (1...64).contains(digits.count),
                digits.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) })
            else { throw CatalogError(.invalid, "`\(text)` is no hash: `sha256:` and up to 64 of 0-9 and a-f") }
            return .hash(text)
        }
        return .tag(try checkedTag(text))
    }

    /// A tag's name, if it is one.
    static func checkedTag(_ text: String) throws(CatalogError) -> String {
        guard isName(text), !text.hasSuffix("/") else {
            throw CatalogError(
                .invalid,
                "`\(text)` is no name of a tag: a letter or `_`, then up to 199 letters, digits, `_`, `-`, `.` or `/`"
            )
        }
        return text
    }

    /// The form of names of definitions and tags (spec 3.1).
    public static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= 200, isLetter(first) else { return false }
        return text.utf8.allSatisfy { isLetter($0) || (48...57).contains($0) || "-./".utf8.contains($0) }
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (97...122).contains(byte | 32) || byte == UInt8(ascii: "_") }

    /// The text form.
    public var description: String {
        switch selector {
        case .tag(let tag): "\(name)@\(tag)"
        case .number(let number): "\(name)@\(number)"
        case .hash(let hash): "\(name)@\(hash)"
        }
    }
}
