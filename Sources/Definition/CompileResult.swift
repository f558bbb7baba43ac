// Baton
// SPDX-License-Identifier: Apache-2.0

/// What came of a document.
public struct CompileResult: Sendable {
    /// The graph; `nil` exactly when there is an error among the diagnostics.
    public let graph: Graph?
    /// Errors, warnings and hints: by stage, and by position in each. The first stage with an error is the last.
    public let diagnostics: [Diagnostic]

    /// Only the errors.
    public var errors: [Diagnostic] { diagnostics.filter { $0.severity == .error } }
}
