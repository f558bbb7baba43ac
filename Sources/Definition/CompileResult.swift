// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON

/// What came of a document.
public struct CompileResult: Sendable {
    private let source: SourceNode?
    /// The graph; `nil` exactly when there is an error among the diagnostics.
    public let graph: Graph?
    /// Errors, warnings and hints: by stage, and by position in each. The first stage with an error is the last.
    public let diagnostics: [Diagnostic]

    init(source: SourceNode?, graph: Graph?, diagnostics: [Diagnostic]) {
        self.source = source
        self.graph = graph
        self.diagnostics = diagnostics
    }

    /// The document as it was read, without positions; `nil` when the text is not valid YAML or JSON. Its canonical
    /// bytes are what a version of a definition is identified by (spec 3.1). Each call makes it anew.
    public var document: JSONValue? { source?.json }

    /// Only the errors.
    public var errors: [Diagnostic] { diagnostics.filter { $0.severity == .error } }
}
