// Baton
// SPDX-License-Identifier: Apache-2.0

/// Compiles documents to graphs: parse, check, lower, seal (spec 4.1).
///
/// Compiling is pure: the same text and the same registry give the same graph with the same hash, and neither the
/// formatting of the document nor the order of keys matters to it.
public struct Compiler: Sendable {
    /// What the graph is wanted for.
    public enum Purpose: Sendable {
        /// To look at, to publish: what cannot be executed here is a warning.
        case check
        /// To run here: what cannot be executed is an error.
        case run
    }

    /// What documents may refer to.
    public let registry: Registry
    /// What graphs are wanted for.
    public let purpose: Purpose

    /// A compiler that knows these tools and policies.
    public init(registry: Registry, purpose: Purpose = .run) {
        self.registry = registry
        self.purpose = purpose
    }

    /// Compiles one document.
    ///
    /// - Parameters:
    ///   - text: YAML or JSON in UTF-8, at most 4 MiB.
    ///   - fileName: Ends in `.yaml` or `.yml` for YAML in flow style; otherwise a text that starts with `{` must
    ///     be JSON.
    public func compile(text: [UInt8], fileName: String) -> CompileResult {
        let sink = DiagnosticSink()
        let context = ReadingContext(registry: registry, sink: sink, purpose: purpose)
        context.hasShorthands = text.firstRange(of: "$.".utf8) != nil
        let document = SourceDocument.parse(text, fileName: fileName, into: sink)
        let graph = document.flatMap { sink.endStage() ? DocumentCompiler(context: context).compile($0) : nil }
        return CompileResult(document: document?.root.node.json, graph: graph, diagnostics: sink.diagnostics)
    }
}
