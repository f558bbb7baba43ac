// Baton
// SPDX-License-Identifier: Apache-2.0

public import Catalog
public import Definition
public import Engine
internal import JSON
public import Model
internal import Store
internal import Synchronization

/// Finds published workflows to run them: the document of the version, compiled with the tools of this machine.
///
/// What was compiled is kept, by content, because most runs are of a few versions; and what a reference names, until
/// something is published or a tag moves. Calls block.
public final class PublishedWorkflows: WorkflowSource {
    /// Graphs that are kept.
    private static let kept = 256

    private let catalog: DefinitionCatalog
    private let compiler: Compiler
    /// Whose definitions are meant when nobody is named.
    private let owner: String
    private let compiled = Mutex<[String: ResolvedWorkflow]>([:])
    private let named = Mutex<[Name: Found]>([:])

    private struct Name: Hashable {
        let owner, reference: String
    }
    private struct Found {
        let workflow: ResolvedWorkflow
        /// ``DefinitionCatalog/changeCount`` before it was looked up.
        let change: Int
    }

    /// - Parameters:
    ///   - compiler: Made to run, not only to check.
    ///   - owner: Whose definitions runs and schedules without an owner mean.
    public init(catalog: DefinitionCatalog, compiler: Compiler, owner: String) {
        (self.catalog, self.compiler, self.owner) = (catalog, compiler, owner)
    }

    /// The workflow that a reference names among what the owner of a run or schedule published; for those that are
    /// everybody's, what the owner of the installation did.
    public func workflow(_ reference: String, for ownership: Ownership) throws(EngineError) -> ResolvedWorkflow {
        try workflow(reference, of: ownership.owner ?? owner)
    }

    /// The workflow that a reference names: what `owner` published, else what is everybody's.
    ///
    /// - Throws: `notFound`; `invalid` when it does not compile on this machine; `unavailable`.
    public func workflow(_ reference: String, of owner: String) throws(EngineError) -> ResolvedWorkflow {
        let (name, change) = (Name(owner: owner, reference: reference), catalog.changeCount)
        if let found = named.withLock({ $0[name] }), found.change == change { return found.workflow }
        let workflow = try lookUp(reference, of: owner)
        named.withLock { named in
            if named.count >= Self.kept { named = [:] }
            named[name] = Found(workflow: workflow, change: change)
        }
        return workflow
    }

    private func lookUp(_ reference: String, of owner: String) throws(EngineError) -> ResolvedWorkflow {
        let version: ArtifactRow
        do throws(CatalogError) {
            version = try catalog.version(VersionReference(reference), owner: owner)
        } catch {
            throw Self.error(error)
        }
        if let known = compiled.withLock({ $0[version.hash] }) { return known }
        let workflow = try compile(version, reference)
        compiled.withLock { compiled in
            if compiled.count >= Self.kept { compiled = [:] }
            compiled[version.hash] = workflow
        }
        return workflow
    }

    /// Compiles the text of a document to run it.
    public func compile(_ text: [UInt8]) -> CompileResult { compiler.compile(text: text, fileName: "document") }

    private func compile(_ version: ArtifactRow, _ reference: String) throws(EngineError) -> ResolvedWorkflow {
        let text: [UInt8]
        do throws(CatalogError) {
            let source = try catalog.source(of: version)
            text = if let source { source } else { try catalog.document(of: version).canonicalBytes() }
        } catch {
            throw Self.error(error)
        }
        let result = compiler.compile(text: text, fileName: reference)
        guard let graph = result.graph else {
            let problem = result.diagnostics.first { $0.severity == .error }?.message ?? "it does not compile here"
            throw EngineError(.invalid, "`\(reference)` cannot run here: \(problem)")
        }
        return ResolvedWorkflow(graph: graph, source: text)
    }

    private static func error(_ error: CatalogError) -> EngineError {
        switch error.code {
        case .notFound: EngineError(.notFound, error.message)
        case .invalid: EngineError(.invalid, error.message)
        default: EngineError(.unavailable, error.message)
        }
    }
}
