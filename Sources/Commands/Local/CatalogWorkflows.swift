// Baton
// SPDX-License-Identifier: Apache-2.0

import Catalog
import Definition
import Engine
import JSON
import Store

/// Finds published workflows for child runs: the document of the version, compiled with the tools of this machine.
struct CatalogWorkflows: WorkflowSource {
    let catalog: DefinitionCatalog
    let compiler: Compiler

    init(store: any CatalogStore, blobs: any BlobStore, compiler: Compiler) {
        catalog = DefinitionCatalog(store: store, blobs: blobs, compiler: compiler, now: { SystemClock().wall() })
        self.compiler = compiler
    }

    func workflow(_ reference: String) throws(EngineError) -> ResolvedWorkflow {
        let text: [UInt8]
        do throws(CatalogError) {
            let version = try catalog.version(VersionReference(reference), owner: CatalogSession.owner)
            let source = try catalog.source(of: version)
            text = if let source { source } else { try catalog.document(of: version).canonicalBytes() }
        } catch {
            throw EngineError(error.code == .notFound ? .notFound : .unavailable, error.message)
        }
        let result = compiler.compile(text: text, fileName: reference)
        guard let graph = result.graph else {
            let problem = result.diagnostics.first { $0.severity == .error }?.message ?? "it does not compile here"
            throw EngineError(.invalid, "`\(reference)` cannot run here: \(problem)")
        }
        return ResolvedWorkflow(graph: graph, source: text)
    }
}
