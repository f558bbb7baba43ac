// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON

/// What came of a document.
public struct CompileResult: Sendable {
    /// The document as it was read, without positions; `nil` when the text is not valid YAML or JSON. Its canonical
    /// bytes are what a version of a definition is identified by (spec 3.1).
    public let document: JSONValue?
    /// The graph; `nil` exactly when there is an error among the diagnostics.
    public let graph: Graph?
    /// Errors, warnings and hints: by stage, and by position in each. The first stage with an error is the last.
    public let diagnostics: [Diagnostic]

    /// Only the errors.
    public var errors: [Diagnostic] { diagnostics.filter { $0.severity == .error } }
}
