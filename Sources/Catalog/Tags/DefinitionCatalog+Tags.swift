// Baton
// SPDX-License-Identifier: Apache-2.0

public import Store

/// Tags are movable names of versions. Every move is kept.
extension DefinitionCatalog {
    /// The tags of a definition, by name.
    public func tags(of name: String, owner: String) throws(CatalogError) -> [TagRow] {
        try storage { () throws(StoreError) in try store.tags(owner: owner, definition: name) }
    }

    /// A tag.
    ///
    /// - Throws: `notFound`.
    public func tag(_ tag: String, of name: String, owner: String) throws(CatalogError) -> TagRow {
        guard let row = try optionalTag(tag, of: name, owner: owner) else {
            throw CatalogError(.notFound, "`\(name)` has no tag `\(tag)`")
        }
        return row
    }

    /// Every move of a tag, oldest first.
    ///
    /// - Throws: `notFound` when there is no such tag.
    public func moves(of tag: String, of name: String, owner: String) throws(CatalogError) -> [TagMoveRow] {
        let row = try self.tag(tag, of: name, owner: owner)
        return try storage { () throws(StoreError) in try store.moves(owner: owner, tag: row.name) }
    }

    /// Points a tag to a version, or makes it.
    ///
    /// - Throws: `tagMoved` when the tag is not where it is expected, `notFound`.
    public func setTag(
        _ tag: String,
        to target: VersionReference,
        expected: TagExpectation = .any,
        by actor: CatalogActor
    ) throws(CatalogError) -> Publication {
        let tag = try VersionReference.checkedTag(tag)
        let version = try version(target, owner: actor.owner)
        guard version.owner == actor.owner else {
            throw CatalogError(.notFound, "`\(target.name)` belongs to \(version.owner), not to \(actor.owner)")
        }
        return try move(tag, of: target.name, expected, actor) { _ throws(CatalogError) in (.move, version) }
    }

    /// Moves a tag back to where its last move came from.
    ///
    /// - Throws: `tagMoved`, `notFound`, and `conflict` when there is nothing to undo.
    public func undo(
        _ tag: String,
        of name: String,
        expected: TagExpectation = .any,
        by actor: CatalogActor
    ) throws(CatalogError) -> Publication {
        try walk(tag, of: name, expected, actor, .undo, "nothing to undo: it is where it was first") { $0.undone }
    }

    /// Moves a tag forward again, to where it was before the last undo.
    ///
    /// - Throws: `tagMoved`, `notFound`, and `conflict` when nothing was undone since the last move.
    public func redo(
        _ tag: String,
        of name: String,
        expected: TagExpectation = .any,
        by actor: CatalogActor
    ) throws(CatalogError) -> Publication {
        try walk(tag, of: name, expected, actor, .redo, "nothing to redo: a new move ends what was undone") {
            $0.redone
        }
    }

    private func walk(
        _ tag: String,
        of name: String,
        _ expected: TagExpectation,
        _ actor: CatalogActor,
        _ kind: TagMoveRow.Kind,
        _ refusal: String,
        _ target: (TagHistory) -> TagTarget?
    ) throws(CatalogError) -> Publication {
        _ = try self.tag(tag, of: name, owner: actor.owner)
        return try move(tag, of: name, expected, actor) { current throws(CatalogError) in
            let moves = try storage { () throws(StoreError) in
                try store.moves(owner: actor.owner, tag: Self.tagName(tag, of: name))
            }
            // A move that came in since `current` was read makes the write below fail, and all this is done again.
            guard let target = target(TagHistory(moves)) else {
                throw CatalogError(.conflict, "the tag `\(tag)` of `\(name)` has \(refusal)")
            }
            return (kind, try artifact(target.artifact))
        }
    }

    /// Moves a tag, again if somebody else was faster, as long as the tag is where it is expected.
    private func move(
        _ tag: String,
        of name: String,
        _ expected: TagExpectation,
        _ actor: CatalogActor,
        _ choose: (TagRow?) throws(CatalogError) -> (TagMoveRow.Kind, ArtifactRow)
    ) throws(CatalogError) -> Publication {
        try repeating { () throws(CatalogError) in
            let current = try expectedTag(tag, of: name, expected, actor.owner)
            let (kind, chosen) = try choose(current)
            let version = try newest(chosen)
            var change = CatalogChange()
            let tag = plan(kind, tag, of: name, from: current, to: version, actor, &change)
            if !change.moves.isEmpty { try apply(change) }
            return Publication(
                version: version,
                isNew: false,
                tag: tag,
                isMoved: !change.moves.isEmpty,
                diagnostics: []
            )
        }
    }

    /// Adds a move to a change, unless it would lead nowhere; gives the tag as it will be.
    func plan(
        _ kind: TagMoveRow.Kind,
        _ tag: String,
        of name: String,
        from current: TagRow?,
        to version: ArtifactRow,
        _ actor: CatalogActor,
        _ change: inout CatalogChange
    ) -> TagRow {
        if kind == .move, let current, current.target.hash == version.hash { return current }
        let move = TagMoveRow(
            owner: actor.owner,
            name: Self.tagName(tag, of: name),
            number: (current?.revision ?? 0) + 1,
            kind: kind,
            from: current?.target,
            to: TagTarget(artifact: version.id, hash: version.hash),
            actor: actor.name,
            at: now(),
            reason: actor.reason
        )
        change.moves.append(move)
        return move.tag
    }

    /// The tag, which may be missing, if it is where it is expected.
    func expectedTag(
        _ tag: String,
        of name: String,
        _ expected: TagExpectation,
        _ owner: String
    ) throws(CatalogError) -> TagRow? {
        let row = try optionalTag(tag, of: name, owner: owner)
        let number: Int? = if let row { try artifact(row.target.artifact).number } else { nil }
        let fits =
            switch expected {
            case .any: true
            case .absent: row == nil
            case .number(let expected): number == expected
            case .hash(let hash): row?.target.hash.hasPrefix(hash) ?? false
            }
        guard !fits else { return row }
        let place =
            row.map { "points to version \(number.map(String.init) ?? "?") (\($0.target.hash))" } ?? "does not exist"
        var error = CatalogError(.tagMoved, "the tag `\(tag)` of `\(name)` \(place), which is not what was expected")
        error.present = row?.target
        throw error
    }

    func optionalTag(_ tag: String, of name: String, owner: String) throws(CatalogError) -> TagRow? {
        try storage { () throws(StoreError) in try store.tag(owner: owner, name: Self.tagName(tag, of: name)) }
    }

    /// Repeats what another writer came in between of.
    func repeating<Value>(_ body: () throws(CatalogError) -> Value) throws(CatalogError) -> Value {
        for _ in 1..<20 {
            do throws(CatalogError) {
                return try body()
            } catch {
                guard error.storage?.code == .conflict else { throw error }
            }
        }
        return try body()
    }

    /// The name of a definition's tag among all tags of its owner.
    static func tagName(_ tag: String, of name: String) -> String { "\(name)@\(tag)" }
}
