// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
public import Store

/// Versions that are changes of others.
extension DefinitionCatalog {
    /// A chain that long is squashed before the next patch, so that reading a version stays cheap.
    static let depthLimit = 200

    /// Makes a version of what a tag points to and a patch, and leads the tag to it.
    ///
    /// The patch is stored, not the whole document: the version is a patch set one deeper than what it changes.
    /// - Throws: `patchInvalid`, `definitionInvalid` when the result does not compile, `tagMoved`, `notFound`.
    public func patch(
        _ name: String,
        _ patch: DefinitionPatch,
        tag: String = VersionReference.defaultTag,
        expected: TagExpectation = .any,
        by actor: CatalogActor
    ) throws(CatalogError) -> Publication {
        if expected == .any {
            for _ in 1..<20 {
                do throws(CatalogError) {
                    return try patchOnce(name, patch, tag, expected, actor)
                } catch {
                    // Somebody else was faster, and the caller does not mind: on top of that, then.
                    guard error.code == .tagMoved else { throw error }
                }
            }
        }
        return try patchOnce(name, patch, tag, expected, actor)
    }

    private func patchOnce(
        _ name: String,
        _ patch: DefinitionPatch,
        _ tag: String,
        _ expected: TagExpectation,
        _ actor: CatalogActor
    ) throws(CatalogError) -> Publication {
        _ = try expectedTag(tag, of: name, expected, actor.owner)
        let before = try version(VersionReference(name: name, .tag(tag)), owner: actor.owner)
        guard before.owner == actor.owner else {
            throw CatalogError(.notFound, "`\(name)` belongs to \(before.owner), not to \(actor.owner)")
        }
        if before.depth >= Self.depthLimit { _ = try compact(before, atDepth: 1, by: actor) }
        let document = try document(of: before)
        let changed = try patch.applied(to: document)
        guard let head = DefinitionHead(document), DefinitionHead(changed) == head else {
            throw CatalogError(.patchInvalid, "a patch cannot change the name or kind of `\(name)`; clone it instead")
        }
        let compiled = try compile(Array(changed.prettyText.utf8), fileName: name)
        var actor = actor
        actor.reason = actor.reason ?? patch.description
        // Whatever the caller expects: a patch made on one version must not take another's place.
        let seen = TagExpectation.hash(before.hash)
        return try admit(compiled, .patch(patch, of: try newest(before)), as: name, tag, seen, actor)
    }

    /// Squashes the chain that leads to a version into a new base, when it is at least that deep.
    ///
    /// The version keeps its number and its hash; its row says what it was compacted from. Versions before it stay and
    /// are read through the old chain.
    /// - Returns: The row that stands for the version now, and whether it was made by this call.
    public func compact(
        _ version: ArtifactRow,
        atDepth depth: Int = 20,
        by actor: CatalogActor
    ) throws(CatalogError) -> (version: ArtifactRow, isNew: Bool) {
        let version = try newest(version)
        guard version.kind == .patchSet, version.depth >= depth else { return (version, false) }
        let document = try document(of: version)
        let time = now()
        var row = ArtifactRow(
            id: makeID(at: time),
            kind: .version,
            owner: version.owner,
            name: version.name,
            number: version.number,
            hash: version.hash,
            blob: try put(Self.identity(of: document).bytes),
            mediaType: MediaType.workflow,
            creator: actor.name,
            createdAt: time
        )
        // Kept for the order of members.
        row.source = try put(Array(document.text.utf8))
        row.graph = version.graph
        row.compactedFrom = version.id
        row.note = version.note
        var change = CatalogChange()
        change.artifacts = [row]
        try apply(change)
        return (row, true)
    }
}
