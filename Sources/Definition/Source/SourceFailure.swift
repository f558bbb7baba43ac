// Baton
// SPDX-License-Identifier: Apache-2.0

/// Why a text cannot be read as a document at all.
struct SourceFailure: Error {
    let code: Diagnostic.Code
    let message: String
    let position: SourcePosition
    /// Where in the tree, as far as it is known.
    var path: SourcePath?

    static func syntax(_ message: String, at position: SourcePosition) -> Self {
        Self(code: .syntax, message: message, position: position)
    }

    static func limit(_ message: String, at position: SourcePosition) -> Self {
        Self(code: .sourceLimit, message: message, position: position)
    }
}
