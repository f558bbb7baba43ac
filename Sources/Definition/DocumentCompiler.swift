// Baton
// SPDX-License-Identifier: Apache-2.0

import Hashing
import JSON

/// The stages of a compilation (spec 4.1). A stage with errors is the last one.
struct DocumentCompiler {
    let context: ReadingContext

    var sink: DiagnosticSink { context.sink }

    /// Compiles a document of any kind.
    func compile(_ document: SourceDocument) -> Graph? {
        guard let normalised = DocumentKind.normalise(document.root, context), sink.endStage() else { return nil }
        guard var draft = WorkflowReader(context: context, depth: 0).read(normalised.root, phases: normalised.phases),
            sink.endStage()
        else { return nil }
        draft.outputUses += normalised.phaseUses
        return graph(of: draft, kind: normalised.kind, document.root.node) { sink.endStage() }
    }

    /// Compiles a document that stands inside another; its diagnostics belong to the stage of the outer one.
    func child(_ root: SourceValue, depth: Int) -> Graph? {
        let inner = ReadingContext(registry: context.registry, sink: sink, purpose: context.purpose)
        inner.enclosing = context.enclosing
        inner.hasShorthands = context.hasShorthands
        inner.optimises = context.optimises
        let errors = sink.errorCount
        guard let normalised = DocumentKind.normalise(root, inner), sink.errorCount == errors,
            var draft = WorkflowReader(context: inner, depth: depth).read(normalised.root, phases: normalised.phases),
            sink.errorCount == errors
        else { return nil }
        draft.outputUses += normalised.phaseUses
        let compiler = DocumentCompiler(context: inner)
        return compiler.graph(of: draft, kind: normalised.kind, root.node) { sink.errorCount == errors }
    }

    /// - Parameter isClean: Whether the stage that ends found no error.
    private func graph(
        of draft: WorkflowDraft,
        kind: DocumentKind,
        _ source: SourceNode,
        _ isClean: () -> Bool
    ) -> Graph? {
        var draft = draft
        LoopRegions(sink: sink).nest(&draft.body)
        guard isClean() else { return nil }
        let body = BodyResolver.resolve(draft.body, into: sink)
        StructureChecker(body: body, draft: draft, sink: sink).check()
        guard isClean() else { return nil }
        let references = ReferenceChecker(draft: draft, context: context)
        references.check(body, draft.outputUses)
        StructureLinter(body: body, sink: sink).check()
        guard isClean() else { return nil }
        context.inspect?(draft, body)
        return Lowering(context: context).graph(of: draft, body, kind: kind, source)
    }
}

/// The kinds of documents, by their first key.
public enum DocumentKind: String, Sendable, CaseIterable {
    case workflow, workstack, plan

    /// A document as a workflow.
    struct Normalised {
        let kind: DocumentKind
        let root: SourceValue
        /// Phases in stored form.
        var phases: [JSONValue] = []
        /// Expressions in the rollback of phases; like outputs they may read whatever ran.
        var phaseUses: [ExpressionUse] = []
    }

    /// Finds the kind and rewrites other kinds to workflows.
    static func normalise(_ root: SourceValue, _ context: ReadingContext) -> Normalised? {
        guard let kind = kind(of: root, context.sink) else { return nil }
        switch kind {
        case .workflow: return Normalised(kind: kind, root: root)
        case .workstack: return WorkstackNormaliser(context: context, root: root).normalise()
        case .plan: return PlanNormaliser(context: context, root: root).normalise()
        }
    }

    /// The first key names the kind; a document with `nodes` and no such key is a workflow too.
    private static func kind(of root: SourceValue, _ sink: DiagnosticSink) -> DocumentKind? {
        guard case .mapping(let entries) = root.node.content else {
            sink.report(.invalidValue, at: root, "a document must be a mapping, not \(root.node.kindName)")
            return nil
        }
        if let kind = entries.lazy.compactMap({ DocumentKind(rawValue: $0.key) }).first { return kind }
        if entries.contains(where: { $0.key == "nodes" }) { return .workflow }
        let kinds = allCases.map { "`\($0.rawValue): NAME`" }.joined(separator: ", ")
        guard let first = entries.first else {
            sink.report(.unknownDocumentKind, at: root, "the document is empty; begin with \(kinds)")
            return nil
        }
        let suggestion = sink.suggestion(for: first.key, among: allCases.map(\.rawValue))
        sink.report(
            .unknownDocumentKind,
            at: SourceValue(node: first.value, path: SourcePath(root.path, .key(first.key))),
            position: first.keyPosition,
            "`\(first.key)` is no kind of document; begin with \(kinds)\(suggestion)"
        )
        return nil
    }
}
