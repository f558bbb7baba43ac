// Baton
// SPDX-License-Identifier: Apache-2.0

import Catalog
import Model
import Store
import Synchronization
import Testing

@Suite struct TagTests {
    /// Versions 1 to 4 of `a`, `main` at 4.
    private func shelf() throws -> Shelf {
        let shelf = Shelf()
        for value in 1...4 { try shelf.publish(workflow("a", value: "\(value)")) }
        return shelf
    }

    @Test func `undo and redo walk the moves, and a new move ends what was undone`() throws {
        let shelf = try shelf()
        func undo() throws(CatalogError) { _ = try shelf.catalog.undo("main", of: "a", by: .ann) }
        func redo() throws(CatalogError) { _ = try shelf.catalog.redo("main", of: "a", by: .ann) }
        #expect(code(redo) == "state.conflict")
        try undo()
        try undo()
        #expect(try shelf.tagged("a") == 2)
        try redo()
        #expect(try shelf.tagged("a") == 3)
        try undo()
        try undo()
        #expect(try shelf.tagged("a") == 1)
        #expect(code(undo) == "state.conflict")
        _ = try shelf.catalog.setTag("main", to: VersionReference("a@4"), by: .ann)
        #expect(code(redo) == "state.conflict", "the new move cut it off")
        try undo()
        #expect(try shelf.tagged("a") == 1)
        try redo()
        #expect(try shelf.tagged("a") == 4)
        let moves = try shelf.catalog.moves(of: "main", of: "a", owner: "local")
        #expect(moves.map(\.number) == Array(1...12), "nothing that happened is forgotten")
        #expect(moves.map(\.kind.rawValue).suffix(4) == ["undo", "move", "undo", "redo"])
        #expect(zip(moves, moves.dropFirst()).allSatisfy { $0.to == $1.from })
        #expect(moves.allSatisfy { $0.actor == "user:ann" })
    }

    @Test func `a move from where the tag is not any more is refused and says where it is`() throws {
        let shelf = try shelf()
        let stale = try shelf.version("a@3").hash
        let calls: [(String, () throws(CatalogError) -> Void)] = [
            (
                "set",
                { () throws(CatalogError) in
                    _ = try shelf.catalog.setTag("main", to: VersionReference("a@1"), expected: .hash(stale), by: .ann)
                }
            ),
            (
                "undo",
                { () throws(CatalogError) in
                    _ = try shelf.catalog.undo("main", of: "a", expected: .hash(stale), by: .ann)
                }
            ),
            (
                "redo",
                { () throws(CatalogError) in _ = try shelf.catalog.redo("main", of: "a", expected: .number(3), by: .ann)
                }
            ),
            ("publish", { () throws(CatalogError) in try shelf.publish(workflow("a", value: "9"), .hash(stale)) }),
            ("absent", { () throws(CatalogError) in try shelf.publish(workflow("a", value: "9"), .absent) }),
        ]
        for (name, call) in calls {
            do throws(CatalogError) {
                try call()
                Issue.record("\(name) moved it")
            } catch {
                #expect(error.code == .tagMoved, "\(name)")
                #expect(try error.present?.hash == shelf.version("a@4").hash, "\(name)")
                #expect(error.message.contains("points to version 4"), "\(name)")
            }
        }
        #expect(try shelf.tagged("a") == 4)
        #expect(try shelf.catalog.versions(of: "a", owner: "local").count == 4)
        let fresh = try shelf.version("a@4").hash
        let moved = try shelf.catalog.setTag(
            "main",
            to: VersionReference("a@1"),
            expected: .hash(String(fresh.prefix(20))),
            by: .ann
        )
        #expect(moved.isMoved && moved.version.number == 1)
        #expect(code { () throws(CatalogError) in try shelf.publish(workflow("b"), .hash(fresh)) } == "tag.moved")
    }

    @Test func `tags have names with slashes, and lead where others do`() throws {
        let shelf = try shelf()
        _ = try shelf.catalog.setTag("release/2026.1", to: VersionReference("a@2"), expected: .absent, by: .ann)
        _ = try shelf.catalog.setTag("stable", to: VersionReference("a@release/2026.1"), by: .ann)
        #expect(try shelf.tagged("a", "stable") == 2)
        #expect(
            try shelf.catalog.tags(of: "a", owner: "local").map(\.name) == ["a@main", "a@release/2026.1", "a@stable"]
        )
        let again = try shelf.catalog.setTag("stable", to: VersionReference("a@2"), by: .ann)
        #expect(!again.isMoved, "a move to where the tag is is none")
        for name in ["", "1", "a b", "a@b", "sha256:00", "-a", "a/"] {
            #expect(
                code { () throws(CatalogError) in
                    _ = try shelf.catalog.setTag(name, to: VersionReference("a@2"), by: .ann)
                }
                    == "validation.failed",
                "\(name)"
            )
        }
        #expect(
            code { () throws(CatalogError) in _ = try shelf.catalog.moves(of: "none", of: "a", owner: "local") }
                == "not_found"
        )
        #expect(
            code { () throws(CatalogError) in _ = try shelf.catalog.undo("none", of: "a", by: .ann) } == "not_found"
        )
    }

    @Test func `of many that move from one place one succeeds, and those that expect nothing all do`() throws {
        let shelf = try shelf()
        let hash = try shelf.version("a@4").hash
        let outcomes = Mutex<[String]>([])
        inParallel(8) { number in
            let outcome = code { () throws(CatalogError) in
                _ = try shelf.publish(workflow("a", value: "\(100 + number)"), .hash(hash))
            }
            outcomes.withLock { $0.append(outcome ?? "moved") }
        }
        #expect(outcomes.withLock { $0.sorted() } == ["moved"] + Array(repeating: "tag.moved", count: 7))
        inParallel(8) { number in
            let outcome = code { () throws(CatalogError) in try shelf.publish(workflow("a", value: "\(200 + number)")) }
            outcomes.withLock { $0.append(outcome ?? "published") }
        }
        #expect(outcomes.withLock { $0.count { $0 == "published" } } == 8)
        #expect(try shelf.catalog.versions(of: "a", owner: "local").map(\.number) == Array(1...13))
        let moves = try shelf.catalog.moves(of: "main", of: "a", owner: "local")
        #expect(moves.map(\.number) == Array(1...13))
        #expect(zip(moves, moves.dropFirst()).allSatisfy { $0.to == $1.from })
    }
}
