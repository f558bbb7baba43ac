// Baton
// SPDX-License-Identifier: Apache-2.0

import Catalog
import JSON
import Model
import Store
import Testing

@Suite struct PatchingTests {
    private func setX(_ node: String, _ value: Int64) -> JSONValue {
        [
            "description": .string("x of \(node)"),
            "ops": [["op": "replace", "path": .string("/nodes/@\(node)/config/set/x"), "value": .int(value)]],
        ]
    }

    @Test func `a patch becomes a version one deeper, and every version is made again`() throws {
        let shelf = Shelf()
        try shelf.publish(workflow("a"))
        var documents = [try shelf.document("a")]
        for number in 0..<5 as Range<Int64> {
            let made = try shelf.patch("a", setX("n1", 10 + number))
            #expect(made.isNew && made.version.kind == .patchSet && made.version.depth == Int(number) + 1)
            #expect(made.version.note == "x of n1")
            documents.append(try shelf.document("a"))
        }
        let versions = try shelf.catalog.versions(of: "a", owner: "local")
        #expect(versions.map(\.number) == [1, 2, 3, 4, 5, 6])
        #expect(Set(versions.dropFirst().map(\.base)) == [versions[0].id])
        for (version, document) in zip(versions, documents) {
            #expect(try shelf.catalog.document(of: version).text == document.text)
        }
        #expect(documents[5]["nodes"]?[1]?["config"]?["set"]?["x"] == 14)
    }

    @Test func `25 patches are compacted into a base with the same hash`() throws {
        let shelf = Shelf()
        try shelf.publish(workflow("a"))
        for number in 1...25 as ClosedRange<Int64> { try shelf.patch("a", setX("n0", number * 100)) }
        let before = try shelf.catalog.versions(of: "a", owner: "local")
        let documents = try before.map { try shelf.catalog.document(of: $0).text }
        let old = try shelf.version("a")
        #expect(old.depth == 25)
        #expect(try shelf.catalog.compact(old, atDepth: 26, by: .ann).isNew == false)
        let (row, isNew) = try shelf.catalog.compact(old, by: .ann)
        #expect(isNew && row.hash == old.hash && row.number == 26 && row.depth == 0 && row.compactedFrom == old.id)
        #expect(try shelf.version("a") == row)
        #expect(try shelf.catalog.compact(old, atDepth: 1, by: .ann).isNew == false, "there is nothing left to squash")
        let after = try shelf.catalog.versions(of: "a", owner: "local")
        #expect(after.map(\.hash) == before.map(\.hash))
        #expect(try after.map { try shelf.catalog.document(of: $0).text } == documents)
        let next = try shelf.patch("a", setX("n0", 1))
        #expect(next.version.number == 1 + 26 || next.version.number == 1, "the first content is version 1 again")
        let other = try shelf.patch("a", setX("n1", 77))
        #expect(other.version.depth == 1 && other.isNew)
    }

    @Test func `a patch after a compaction begins a new chain on it`() throws {
        let shelf = Shelf()
        try shelf.publish(workflow("a"))
        for number in 2...4 as ClosedRange<Int64> { try shelf.patch("a", setX("n0", number)) }
        let base = try shelf.catalog.compact(shelf.version("a"), atDepth: 3, by: .ann).version
        let next = try shelf.patch("a", setX("n0", 9)).version
        #expect(next.base == base.id && next.previous == base.id && next.depth == 1 && next.number == 5)
        // The tag's history knows the row before the compaction; going back finds the one that stands for it.
        let undone = try shelf.catalog.undo("main", of: "a", by: .ann)
        #expect(undone.version == base)
    }

    @Test func `a chain never grows without end`() throws {
        let shelf = Shelf()
        try shelf.publish(workflow("a", nodes: 1))
        for number in 2...230 as ClosedRange<Int64> { try shelf.patch("a", setX("n0", number)) }
        let version = try shelf.version("a")
        #expect(version.number == 230 && version.depth < 100)
        #expect(try shelf.document("a@201")["nodes"]?[0]?["config"]?["set"]?["x"] == 201)
    }

    @Test func `what a patch may not do is refused with its code, and nothing is stored`() throws {
        let shelf = Shelf()
        try shelf.publish(workflow("a"))
        let value = JSONValue.string(String(repeating: "x", count: 300_000))
        let cases: [(JSONValue, String)] = [
            ([["op": "move", "from": "/nodes/0", "path": "/nodes/-"]], "E501"),
            ([["op": "copy", "from": "/nodes/0", "path": "/nodes/-"]], "E501"),
            ([["op": "remove", "path": "/nodes/@none"]], "E502"),
            ([["op": "replace", "path": "/nodes/9/id", "value": "x"]], "E502"),
            ([["op": "test", "path": "/nodes/@n0/type", "value": "human"]], "E502"),
            ([["op": "add", "path": "/nodes/-"]], "E503"),
            ([["op": "add", "path": "/x-note", "value": value]], "E507"),
            (.array((0..<101).map { ["op": "add", "path": "/x-note", "value": .int($0)] }), "E507"),
            ([["op": "replace", "path": "/workflow", "value": "b"]], "patch.invalid"),
            ([["op": "remove", "path": "/nodes"]], "definition.invalid"),
            ([["op": "replace", "path": "/nodes/@n0/type", "value": "nothing"]], "definition.invalid"),
            (["description": "no ops"], "patch.invalid"), (["ops": [], "more": 1], "patch.invalid"),
            (["ops": [], "description": 1], "patch.invalid"), ("text", "E501"),
        ]
        for (patch, expected) in cases {
            #expect(
                code { () throws(CatalogError) in try shelf.patch("a", patch) } == expected,
                "\(patch.text.prefix(100))"
            )
        }
        #expect(try shelf.catalog.versions(of: "a", owner: "local").count == 1)
        #expect(code { () throws(CatalogError) in try shelf.patch("b", []) } == "not_found")
    }

    @Test func `a patch that changes nothing makes no version`() throws {
        let shelf = Shelf()
        try shelf.publish(workflow("a"))
        let same = try shelf.patch("a", [["op": "test", "path": "/nodes/@n0/id", "value": "n0"]])
        #expect(!same.isNew && !same.isMoved)
        #expect(try shelf.catalog.versions(of: "a", owner: "local").count == 1)
    }

    @Test func `a patch made against a stale version is refused`() throws {
        let shelf = Shelf()
        let first = try shelf.publish(workflow("a")).version
        try shelf.patch("a", setX("n0", 2), .hash(first.hash))
        do throws(CatalogError) {
            try shelf.patch("a", setX("n0", 3), .hash(first.hash))
            Issue.record("it was applied")
        } catch {
            #expect(error.code == .tagMoved)
            #expect(try error.present?.hash == shelf.version("a").hash)
        }
        try shelf.patch("a", setX("n0", 3), .number(2))
        #expect(code { () throws(CatalogError) in try shelf.patch("a", setX("n0", 4), .number(2)) } == "tag.moved")
        #expect(code { () throws(CatalogError) in try shelf.patch("a", setX("n0", 4), .absent) } == "tag.moved")
    }

    @Test func `nodes are added at the end and found by id`() throws {
        let shelf = Shelf()
        try shelf.publish(workflow("a"))
        try shelf.patch(
            "a",
            [
                ["op": "test", "path": "/nodes/@n1/depends_on/0", "value": "n0"],
                [
                    "op": "add", "path": "/nodes/-",
                    "value": ["id": "mid", "type": "transform", "depends_on": ["n0"], "config": ["set": ["y": 1]]],
                ],
                ["op": "add", "path": "/nodes/@n1/depends_on/-", "value": "mid"],
            ]
        )
        let difference = StructuralDifference(from: try shelf.document("a@1"), to: try shelf.document("a"))
        #expect(difference.parts.map(\.id) == ["n1", "mid"])
    }
}
