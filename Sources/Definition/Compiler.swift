// Baton
// SPDX-License-Identifier: Apache-2.0

/// Compiles documents to graphs: parse, check, lower, seal (spec 4.1).
///
/// Compiling is pure: the same text and the same registry give the same graph with the same hash, and neither the
/// formatting of the document nor the order of keys matters to it.
public struct Compiler: Sendable {
    /// What documents may refer to.
    public let registry: Registry

    /// A compiler that knows these tools and policies.
    public init(registry: Registry) {
        self.registry = registry
    }

    /// Compiles one document.
    ///
    /// - Parameters:
    ///   - text: YAML or JSON in UTF-8, at most 4 MiB.
    ///   - fileName: Ends in `.yaml` or `.yml` for YAML in flow style; otherwise a text that starts with `{` must
    ///     be JSON.
    public func compile(text: [UInt8], fileName: String) -> CompileResult {
        let sink = DiagnosticSink()
        let document = SourceDocument.parse(text, fileName: fileName, into: sink)
        let graph = document.flatMap { sink.endStage() ? compile($0, sink) : nil }
        return CompileResult(document: document?.root.node.json, graph: graph, diagnostics: sink.diagnostics)
    }

    /// A stage with errors is the last one.
    private func compile(_ document: SourceDocument, _ sink: DiagnosticSink) -> Graph? {
        var reader = WorkflowReader(registry: registry, sink: sink)
        guard let draft = reader.read(document), sink.endStage() else { return nil }
        let graph = EdgeResolver.resolve(draft, into: sink)
        StructureChecker(graph: graph, sink: sink).check()
        guard sink.endStage() else { return nil }
        var references = ReferenceChecker(graph: graph, sink: sink)
        references.check()
        StructureLinter(graph: graph, sink: sink).check()
        guard sink.endStage() else { return nil }
        return Lowering.graph(of: graph)
    }
}
