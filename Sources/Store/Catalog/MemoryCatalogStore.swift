// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model
import Synchronization

/// A catalogue that forgets everything with the process; it answers exactly as a durable one does.
public final class MemoryCatalogStore: CatalogStore {
    private struct Name: Hashable {
        let owner: String
        let name: String
    }

    private struct Version: Hashable {
        let name: Name
        let number: Int
    }

    private struct State {
        var definitions: [Name: DefinitionName] = [:]
        var artifacts: [ArtifactID: ArtifactRow] = [:]
        var moves: [Name: [TagMoveRow]] = [:]
        var versions: Set<Version> = []
    }

    private let state = Mutex(State())

    /// An empty catalogue.
    public init() {}

    /// Applies everything in `change` or nothing.
    public func apply(_ change: CatalogChange) throws(StoreError) {
        try state.withLock { (state) throws(StoreError) in
            var next = state
            for row in change.definitions {
                let name = Name(owner: row.owner, name: row.name)
                if next.definitions[name] == nil { next.definitions[name] = row }
            }
            for row in change.artifacts { try Self.add(row, to: &next) }
            for row in change.moves {
                let name = Name(owner: row.owner, name: row.name)
                guard row.number == (next.moves[name]?.count ?? 0) + 1 else { throw .tagMoved(row) }
                next.moves[name, default: []].append(row)
            }
            state = next
        }
    }

    private static func add(_ row: ArtifactRow, to state: inout State) throws(StoreError) {
        guard state.artifacts[row.id] == nil else { throw .artifactTaken(row) }
        if let number = row.number, row.compactedFrom == nil {
            let version = Version(name: Name(owner: row.owner, name: row.name), number: number)
            guard state.versions.insert(version).inserted else { throw .artifactTaken(row) }
        }
        state.artifacts[row.id] = row
    }

    /// Definitions by owner and name.
    public func definitions(owner: String?) -> [DefinitionName] {
        state.withLock { state in
            state.definitions.values.filter { owner == nil || $0.owner == owner }
                .sorted { precedes(($0.owner, $0.name), ($1.owner, $1.name)) }
        }
    }

    /// The artifact with that id.
    public func artifact(_ id: ArtifactID) -> ArtifactRow? {
        state.withLock { $0.artifacts[id] }
    }

    /// Artifacts, newest first.
    public func artifacts(_ filter: ArtifactFilter) -> [ArtifactRow] {
        state.withLock { state in
            let matching = state.artifacts.values.filter { row in
                (filter.owner.map { row.owner == $0 } ?? true) && (filter.name.map { row.name == $0 } ?? true)
                    && (filter.kind.map { row.kind == $0 } ?? true)
                    && (filter.number.map { row.number == $0 } ?? true)
                    && (filter.hash.map { row.hash == $0 } ?? true)
                    && (filter.before.map { row.id < $0 } ?? true)
            }
            return Array(matching.sorted { $0.id > $1.id }.prefix(filter.limit))
        }
    }

    /// Where a tag points to.
    public func tag(owner: String, name: String) -> TagRow? {
        state.withLock { $0.moves[Name(owner: owner, name: name)]?.last?.tag }
    }

    /// Tags by owner and name.
    public func tags(owner: String?, definition: String?) -> [TagRow] {
        state.withLock { state in
            state.moves.values.compactMap(\.last?.tag)
                .filter { owner == nil || $0.owner == owner }
                .filter { tag in definition.map { tag.name.utf8.starts(with: "\($0)@".utf8) } ?? true }
                .sorted { precedes(($0.owner, $0.name), ($1.owner, $1.name)) }
        }
    }

    /// Every move of a tag, oldest first.
    public func moves(owner: String, tag name: String) -> [TagMoveRow] {
        state.withLock { $0.moves[Name(owner: owner, name: name)] ?? [] }
    }
}

/// By owner, then by name; text by its bytes, as databases do.
private func precedes(_ left: (String, String), _ right: (String, String)) -> Bool {
    let isSameOwner = left.0 == right.0
    let (first, second) = isSameOwner ? (left.1, right.1) : (left.0, right.0)
    return first.utf8.lexicographicallyPrecedes(second.utf8)
}
