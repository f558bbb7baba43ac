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
    ///   - name: The name that the document must have; `nil` for any.
    /// - Throws: `definitionInvalid` with all diagnostics, `tagMoved`, `invalid`.
    public func publish(
        _ text: [UInt8],
        fileName: String,
        tag: String = VersionReference.defaultTag,
        expected: TagExpectation = .any,
        named name: String? = nil,
        by actor: CatalogActor
    ) throws(CatalogError) -> Publication {
        let tag = try VersionReference.checkedTag(tag)
        let compiled = try compile(text, fileName: fileName)
        if let name, compiled.head.name != name {
            throw CatalogError(.invalid, "the document is of `\(compiled.head.name)`, not of `\(name)`")
        }
        return try admit(compiled, .text(text), as: compiled.head.name, tag, expected, actor)
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
        let text = try renamedSource(of: version, to: name, document) ?? Array((document.prettyText + "\n").utf8)
        let compiled = try compile(text, fileName: "\(name).yaml")
        var actor = actor
        actor.reason = actor.reason ?? "cloned from \(version.name)@\(version.number ?? 0)"
        guard try versionsIfAny(of: name, owner: actor.owner).isEmpty else {
            throw CatalogError(.conflict, "there is a definition `\(name)` already")
        }
        return try admit(compiled, .text(text), as: name, VersionReference.defaultTag, .absent, actor)
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

    /// What is stored of a new version.
    enum Content {
        /// The whole document, as it was written.
        case text([UInt8])
        /// Only what changes in another version.
        case patch(DefinitionPatch, of: ArtifactRow)
    }

    /// Makes a compiled document a version, unless it is one, and leads a tag to it.
    func admit(
        _ compiled: Compiled,
        _ content: Content,
        as name: String,
        _ tag: String,
        _ expected: TagExpectation,
        _ actor: CatalogActor
    ) throws(CatalogError) -> Publication {
        let draft = try draft(compiled, content, name, actor)
        return try repeating { () throws(CatalogError) in
            let current = try expectedTag(tag, of: name, expected, actor.owner)
            let versions = try versionsIfAny(of: name, owner: actor.owner)
            let known = versions.first { $0.hash == draft.hash }
            var change = CatalogChange()
            var version = known ?? draft
            if known == nil {
                version.createdAt = now()
                version.id = makeID(at: version.createdAt)
                version.number = (versions.last?.number ?? 0) + 1
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
                try apply(change)
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

    /// A row whose blobs are stored, still without number and id of its own.
    private func draft(
        _ compiled: Compiled,
        _ content: Content,
        _ name: String,
        _ actor: CatalogActor
    ) throws(CatalogError) -> ArtifactRow {
        let (hash, canonical) = Self.identity(of: compiled.document)
        let time = now()
        func row(_ kind: ArtifactKind, _ bytes: [UInt8], _ mediaType: String) throws(CatalogError) -> ArtifactRow {
            ArtifactRow(
                id: makeID(at: time),
                kind: kind,
                owner: actor.owner,
                name: name,
                hash: hash,
                blob: try put(bytes),
                mediaType: mediaType,
                creator: actor.name,
                createdAt: time
            )
        }
        var draft: ArtifactRow
        switch content {
        case .text(let text):
            draft = try row(.version, canonical, MediaType.workflow)
            draft.source = try put(text)
        case .patch(let patch, let previous):
            // In the order it was written in, because what it adds is shown in that order.
            draft = try row(.patchSet, Array(patch.json.text.utf8), MediaType.patch)
            draft.previous = previous.id
            draft.base = previous.base ?? previous.id
            draft.depth = previous.depth + 1
        }
        draft.graph = try put(compiled.graph.json.canonicalBytes())
        draft.note = actor.reason
        return draft
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
