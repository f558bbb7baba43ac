// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Model
import Store

/// Making versions.
extension DefinitionCatalog {
    /// Publishes a document under the name it gives itself and leads a tag to it.
    ///
    /// A document with the content of a version that exists makes no new one; the tag is led to that version.
    /// - Parameters:
    ///   - text: YAML or JSON in UTF-8, at most 4 MiB.
    ///   - fileName: See ``Definition/Compiler/compile(text:fileName:)``.
    ///   - expected: Where the tag must be for this to happen.
    /// - Throws: `definitionInvalid` with all diagnostics, `tagMoved`, `invalid`.
    public func publish(
        _ text: [UInt8],
        fileName: String,
        tag: String = VersionReference.defaultTag,
        expected: TagExpectation = .any,
        by actor: CatalogActor
    ) throws(CatalogError) -> Publication {
        let tag = try VersionReference.checkedTag(tag)
        let compiled = try compile(text, fileName: fileName)
        let source = try put(text)
        return try admit(compiled, as: compiled.head.name, tag, expected, actor) { row, _ in row.source = source }
    }

    /// Copies one version to a new definition, which has no history but that.
    ///
    /// The name stands in the document, so the copy has another hash.
    /// - Throws: `conflict` when the name is taken, `definitionInvalid`, `notFound`, `invalid`.
    public func clone(
        _ reference: VersionReference,
        to name: String,
        by actor: CatalogActor
    ) throws(CatalogError) -> Publication {
        let version = try version(reference, owner: actor.owner)
        guard VersionReference.isName(name) else {
            throw CatalogError(.invalid, "`\(name)` is no name of a definition")
        }
        let document = DefinitionHead.renamed(try document(of: version), to: name)
        let text = try renamedSource(of: version, to: name, document) ?? Array(document.prettyText.utf8)
        let compiled = try compile(text, fileName: "\(name).yaml")
        let source = try put(text)
        var actor = actor
        actor.reason = actor.reason ?? "cloned from \(version.name)@\(version.number ?? 0)"
        guard try versionsIfAny(of: name, owner: actor.owner).isEmpty else {
            throw CatalogError(.conflict, "there is a definition `\(name)` already")
        }
        return try admit(compiled, as: name, VersionReference.defaultTag, .absent, actor) { row, _ in
            row.source = source
        }
    }

    /// The published text with the other name in it, comments and all; `nil` when that does not come to `document`.
    private func renamedSource(
        of version: ArtifactRow,
        to name: String,
        _ document: JSONValue
    ) throws(CatalogError) -> [UInt8]? {
        guard let text = try source(of: version),
            let place = text.firstIndex(of: Array(version.name.utf8))
        else { return nil }
        let renamed = text[..<place] + Array(name.utf8) + text[(place + version.name.utf8.count)...]
        return compiler.compile(text: Array(renamed), fileName: "\(name).yaml").document == document
            ? Array(renamed) : nil
    }

    /// A document that may become a version.
    struct Compiled {
        let document: JSONValue
        let graph: Graph
        let head: DefinitionHead
        let diagnostics: [Diagnostic]
    }

    func compile(_ text: [UInt8], fileName: String) throws(CatalogError) -> Compiled {
        let result = compiler.compile(text: text, fileName: fileName)
        guard let document = result.document, let graph = result.graph, let head = DefinitionHead(document) else {
            let count = result.errors.count
            var error = CatalogError(
                .definitionInvalid,
                "\(fileName) has \(count) \(count == 1 ? "error" : "errors"); nothing was stored"
            )
            error.diagnostics = result.diagnostics
            throw error
        }
        return Compiled(document: document, graph: graph, head: head, diagnostics: result.diagnostics)
    }

    /// Makes a compiled document a version, unless it is one, and leads a tag to it.
    ///
    /// - Parameter complete: Fills in what is special about the row; it gets the version that the tag points to.
    func admit(
        _ compiled: Compiled,
        as name: String,
        _ tag: String,
        _ expected: TagExpectation,
        _ actor: CatalogActor,
        _ complete: (inout ArtifactRow, ArtifactRow?) throws(CatalogError) -> Void
    ) throws(CatalogError) -> Publication {
        let (hash, bytes) = Self.identity(of: compiled.document)
        let blob = try put(bytes)
        let graph = try put(compiled.graph.json.canonicalBytes())
        return try repeating { () throws(CatalogError) in
            let current = try expectedTag(tag, of: name, expected, actor.owner)
            let versions = try versionsIfAny(of: name, owner: actor.owner)
            let known = versions.first { $0.hash == hash }
            var change = CatalogChange()
            let version: ArtifactRow
            if let known {
                version = known
            } else {
                version = try row(hash, blob, graph, name, after: versions.last, actor) { row throws(CatalogError) in
                    try complete(&row, versions.first { $0.hash == current?.target.hash })
                }
                change.artifacts = [version]
                change.definitions = [
                    DefinitionName(
                        owner: actor.owner,
                        name: name,
                        kind: compiled.head.kind,
                        createdAt: version.createdAt
                    )
                ]
            }
            let moved = plan(.move, tag, of: name, from: current, to: version, actor, &change)
            if known == nil || !change.moves.isEmpty {
                CrashPoint.beforeCommit.reach()
                try storage { () throws(StoreError) in try store.apply(change) }
                CrashPoint.afterCommit.reach()
            }
            return Publication(
                version: version,
                isNew: known == nil,
                tag: moved,
                isMoved: !change.moves.isEmpty,
                diagnostics: compiled.diagnostics
            )
        }
    }

    private func row(
        _ hash: String,
        _ blob: BlobRef,
        _ graph: BlobRef,
        _ name: String,
        after last: ArtifactRow?,
        _ actor: CatalogActor,
        _ complete: (inout ArtifactRow) throws(CatalogError) -> Void
    ) throws(CatalogError) -> ArtifactRow {
        let time = now()
        var row = ArtifactRow(
            id: makeID(at: time),
            kind: .version,
            owner: actor.owner,
            name: name,
            number: (last?.number ?? 0) + 1,
            hash: hash,
            blob: blob,
            mediaType: MediaType.workflow,
            creator: actor.name,
            createdAt: time
        )
        row.graph = graph
        row.note = actor.reason
        try complete(&row)
        return row
    }

    func put(_ bytes: [UInt8]) throws(CatalogError) -> BlobRef {
        CrashPoint.blobBeforePut.reach()
        let blob = try storage { () throws(StoreError) in try blobs.put(bytes) }
        CrashPoint.blobAfterPut.reach()
        return blob
    }
}

extension [UInt8] {
    /// Where `part` begins for the first time.
    fileprivate func firstIndex(of part: [UInt8]) -> Int? {
        guard !part.isEmpty, part.count <= count else { return nil }
        return (0...(count - part.count)).first { self[$0...].starts(with: part) }
    }
}
