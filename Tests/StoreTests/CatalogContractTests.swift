// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store
import Testing

@Suite struct CatalogContractTests {
    @Test(arguments: Backend.allCases)
    func `rows of artifacts come back as they were written, newest first`(backend: Backend) throws {
        try backend.catalog { store in
            let rows = [ArtifactRow.full(3), .sample(1), .sample(2, name: "b", kind: .file), .sample(4)]
            var change = CatalogChange()
            change.artifacts = rows
            try store.apply(change)
            for row in rows { #expect(try store.artifact(row.id) == row) }
            #expect(try store.artifact(.number(9)) == nil)
            let cases:
                [(owner: String?, name: String?, kind: ArtifactKind?, number: Int?, before: UInt64?, ids: [UInt64])]
            cases = [
                (nil, nil, nil, nil, nil, [4, 3, 2, 1]), ("o", "a", nil, nil, nil, [4, 3, 1]),
                ("o", "a", .version, nil, 4, [1]), (nil, nil, .file, nil, nil, [2]), ("o", nil, nil, 4, nil, [4]),
                ("o", "a", nil, 3, nil, [3]), ("x", "a", nil, nil, nil, []), (nil, nil, nil, nil, 2, [1]),
            ]
            for (owner, name, kind, number, before, ids) in cases {
                var filter = ArtifactFilter()
                (filter.owner, filter.name, filter.kind, filter.number) = (owner, name, kind, number)
                filter.before = before.map { .number($0) }
                #expect(try store.artifacts(filter).map(\.id.low) == ids, "\(filter)")
            }
            for (owner, row) in [(nil, rows[1]), ("o", rows[1]), ("o", rows[3])] {
                var filter = ArtifactFilter()
                (filter.owner, filter.hash) = (owner, row.hash)
                #expect(try store.artifacts(filter).contains(row), "\(filter)")
                #expect(try store.artifacts(filter).allSatisfy { $0.hash == row.hash }, "\(filter)")
                filter.owner = "x"
                #expect(try store.artifacts(filter).isEmpty, "\(filter)")
            }
            var first = ArtifactFilter()
            first.limit = 2
            #expect(try store.artifacts(first).map(\.id.low) == [4, 3])
        }
    }

    @Test(arguments: Backend.allCases)
    func `an id and a number are given once, and a compacted version shares its number`(backend: Backend) throws {
        try backend.catalog { store in
            func add(_ rows: ArtifactRow...) throws {
                var change = CatalogChange()
                change.artifacts = rows
                try store.apply(change)
            }
            try add(.sample(1))
            var sameNumber = ArtifactRow.sample(2)
            sameNumber.number = 1
            #expect(code { try add(.sample(5), sameNumber) } == .conflict)
            #expect(code { try add(.sample(1)) } == .conflict)
            sameNumber.compactedFrom = .number(1)
            try add(sameNumber)
            var unnumbered = [ArtifactRow.sample(7), .sample(8)]
            for index in unnumbered.indices { unnumbered[index].number = nil }
            try add(unnumbered[0], unnumbered[1])
            #expect(
                try store.artifacts(ArtifactFilter()).map(\.id.low) == [8, 7, 2, 1],
                "a refused change left nothing"
            )
        }
    }

    @Test(arguments: Backend.allCases)
    func `a tag moves only from where it is`(backend: Backend) throws {
        try backend.catalog { store in
            func move(_ number: Int, _ to: UInt64, _ tag: String = "a@main", owner: String = "o") -> TagMoveRow {
                TagMoveRow(
                    owner: owner,
                    name: tag,
                    number: number,
                    kind: number == 2 ? .undo : .move,
                    from: number == 1 ? nil : .number(to + 1),
                    to: .number(to),
                    actor: "user:é",
                    at: Timestamp(milliseconds: Int64(number)),
                    reason: number == 1 ? nil : "why"
                )
            }
            func apply(_ moves: TagMoveRow...) throws {
                var change = CatalogChange()
                change.moves = moves
                try store.apply(change)
            }
            #expect(try store.tag(owner: "o", name: "a@main") == nil)
            try apply(move(1, 5))
            #expect(code { try apply(move(1, 6)) } == .conflict)
            #expect(code { try apply(move(1, 1, "a@other"), move(3, 6)) } == .conflict)
            try apply(move(2, 6), move(3, 7), move(1, 1, "a@b/c"), move(1, 1, "ab@main"), move(1, 2, owner: "p"))
            #expect(try store.tag(owner: "o", name: "a@main") == move(3, 7).tag)
            #expect(try store.moves(owner: "o", tag: "a@main") == [move(1, 5), move(2, 6), move(3, 7)])
            #expect(try store.tags(owner: "o", definition: "a").map(\.name) == ["a@b/c", "a@main"])
            #expect(try store.tags(owner: nil, definition: nil).map(\.owner) == ["o", "o", "o", "p"])
            #expect(try store.moves(owner: "o", tag: "a@other").isEmpty, "a refused change left nothing")
        }
    }

    @Test(arguments: Backend.allCases)
    func `definitions keep how they were published first`(backend: Backend) throws {
        try backend.catalog { store in
            func name(_ owner: String, _ name: String, _ at: Int64) -> DefinitionName {
                DefinitionName(owner: owner, name: name, kind: "workflow", createdAt: Timestamp(milliseconds: at))
            }
            var change = CatalogChange()
            change.definitions = [name("o", "é", 1), name("o", "z", 2), name("n", "q/r.s", 3)]
            try store.apply(change)
            change.definitions = [name("o", "z", 9)]
            try store.apply(change)
            #expect(try store.definitions(owner: "o") == [name("o", "z", 2), name("o", "é", 1)])
            #expect(try store.definitions(owner: nil).map(\.name) == ["q/r.s", "z", "é"])
        }
    }
}

extension Identifier {
    fileprivate static func number(_ low: UInt64) -> Self { Self(high: 3, low: low) }
}

extension TagTarget {
    fileprivate static func number(_ low: UInt64) -> Self { Self(artifact: .number(low), hash: "sha256:\(low)") }
}

extension ArtifactRow {
    fileprivate static func sample(_ number: UInt64, name: String = "a", kind: ArtifactKind = .version) -> ArtifactRow {
        ArtifactRow(
            id: .number(number),
            kind: kind,
            owner: "o",
            name: name,
            number: Int(number),
            hash: "sha256:\(number)",
            blob: BlobRef(hash: "b\(number)", size: Int(number)),
            mediaType: "m",
            creator: "user:a",
            createdAt: Timestamp(milliseconds: 1)
        )
    }

    /// Every field is set.
    fileprivate static func full(_ number: UInt64) -> ArtifactRow {
        var row = sample(number, kind: .patchSet)
        row.source = BlobRef(hash: "s", size: 1)
        row.graph = BlobRef(hash: "g", size: 2)
        row.base = .number(8)
        row.previous = .number(7)
        row.depth = 4
        row.compactedFrom = .number(6)
        row.note = "ü\0"
        return row
    }
}
