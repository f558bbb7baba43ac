// Baton
// SPDX-License-Identifier: Apache-2.0

/// What a caller believes a tag points to; if it does not, nothing happens and the answer is `tag.moved`.
public enum TagExpectation: Sendable, Hashable {
    /// Nothing in particular: wherever the tag is, it may be moved.
    case any
    /// There is no such tag.
    case absent
    /// The version with that number.
    case number(Int)
    /// The content whose hash begins so; the text begins with `sha256:`.
    case hash(String)

    /// Reads `3`, `sha256:…` or, for no tag yet, `none`.
    ///
    /// - Throws: `invalid`.
    public init(_ text: String) throws(CatalogError) {
        if text == "none" {
            self = .absent
            return
        }
        switch try VersionReference.selector(text) {
        case .number(let number): self = .number(number)
        case .hash(let hash): self = .hash(hash)
        case .tag:
            throw CatalogError(.invalid, "`\(text)` is neither the number nor the hash of a version")
        }
    }
}
