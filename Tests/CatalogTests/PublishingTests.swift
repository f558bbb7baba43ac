// Baton
// SPDX-License-Identifier: Apache-2.0

import Catalog
import Hashing
import JSON
import Model
import Store
import Testing

@Suite struct PublishingTests {
    @Test func `the same document twice is one version, however it is written`() throws {
        let shelf = Shelf()
        let first = try shelf.publish(workflow("a"))
        #expect(first.isNew && first.isMoved && first.version.number == 1)
        let json = try shelf.document("a").text
        for text in [workflow("a"), "# other words\n" + workflow("a"), json] {
            let again = try shelf.publish(text)
            #expect(!again.isNew && !again.isMoved)
            #expect(again.version == first.version && again.tag == first.tag)
        }
        #expect(try shelf.catalog.versions(of: "a", owner: "local").count == 1)
        #expect(try shelf.catalog.moves(of: "main", of: "a", owner: "local").count == 1)
    }

    @Test func `the hash is that of the canonical document, and the graph lies beside it`() throws {
        let shelf = Shelf()
        let version = try shelf.publish(workflow("a")).version
        let canonical = try shelf.document("a").canonicalBytes()
        #expect(version.hash == "sha256:" + SHA256.hex(canonical))
        #expect(try shelf.blobs.get(version.blob) == canonical)
        #expect(version.mediaType == "application/vnd.baton.workflow+json")
        let graph = try JSONValue(parsing: try shelf.blobs.get(try #require(version.graph)))
        #expect(graph["nodes"]?.arrayValue?.count == 2)
        #expect(try shelf.catalog.source(of: version) == Array(workflow("a").utf8))
    }

    @Test func `members stay in the order they were written in`() throws {
        let shelf = Shelf()
        let text = #"{"workflow":"a","nodes":[{"type":"transform","id":"z","config":{"set":{"b":1,"a":2}}}]}"#
        try shelf.publish(text)
        #expect(try shelf.document("a").text == text)
        try shelf.patch("a", [["op": "add", "path": "/x-note", "value": "n"]])
        #expect(try shelf.document("a").text == String(text.dropLast()) + #","x-note":"n"}"#)
    }

    @Test func `content that was published before leads the tag back to its version`() throws {
        let shelf = Shelf()
        try shelf.publish(workflow("a", value: "1"))
        try shelf.publish(workflow("a", value: "2"))
        #expect(try shelf.tagged("a") == 2)
        let back = try shelf.publish(workflow("a", value: "1"))
        #expect(!back.isNew && back.isMoved && back.version.number == 1)
        #expect(try shelf.publish(workflow("a", value: "3")).version.number == 3)
        #expect(try shelf.publish(workflow("b")).version.number == 1)
        #expect(try shelf.catalog.definitions(owner: "local").map(\.name) == ["a", "b"])
    }

    @Test func `a document with errors is refused and leaves nothing`() throws {
        let shelf = Shelf()
        let broken = ["workflow: a\nnodes:\n  - {id: a, type: transfrom}\n", "workflow: [\n", "nodes: []", ""]
        for text in broken {
            do throws(CatalogError) {
                try shelf.publish(text)
                Issue.record("\(text) was taken")
            } catch {
                #expect(error.code == .definitionInvalid && !error.diagnostics.isEmpty, "\(text)")
            }
        }
        #expect(try shelf.catalog.definitions(owner: nil).isEmpty)
        #expect(shelf.store.artifacts(ArtifactFilter()).isEmpty)
    }

    @Test func `versions are found by tag, number and the beginning of a hash`() throws {
        let shelf = Shelf()
        let one = try shelf.publish(workflow("team/a.b", value: "1")).version
        let two = try shelf.publish(workflow("team/a.b", value: "2"), tag: "next/rc").version
        #expect(try shelf.version("team/a.b") == one)
        #expect(try shelf.version("team/a.b@next/rc") == two)
        #expect(try shelf.version("team/a.b@2") == two)
        #expect(try shelf.version("team/a.b@\(one.hash)") == one)
        #expect(try shelf.version("team/a.b@\(two.hash.prefix(15))") == two)
        let cases: [(String, String)] = [
            ("none", "not_found"), ("team/a.b@3", "not_found"), ("team/a.b@other", "not_found"),
            ("team/a.b@sha256:00000000000000", "not_found"), ("team/a.b@0", "validation.failed"),
            ("", "validation.failed"), ("@main", "validation.failed"), ("a@", "validation.failed"),
            ("a@x y", "validation.failed"), ("a@sha256:XY", "validation.failed"), ("1a", "validation.failed"),
            ("a@sha256:", "validation.failed"), ("a@99999999999999999999", "validation.failed"),
        ]
        for (text, expected) in cases {
            #expect(code { () throws(CatalogError) in _ = try shelf.version(text) } == expected, "\(text)")
        }
    }

    @Test func `what everybody shares is found unless one has the name oneself`() throws {
        let shelf = Shelf()
        let shared = CatalogActor(owner: ArtifactRow.sharedOwner, name: "user:root")
        let text = Array(workflow("a", value: "7").utf8)
        let version = try shelf.catalog.publish(text, fileName: "a.yaml", by: shared).version
        #expect(try shelf.version("a") == version)
        #expect(code { () throws(CatalogError) in try shelf.patch("a", []) } == "not_found")
        #expect(
            code { () throws(CatalogError) in
                _ = try shelf.catalog.setTag("t", to: VersionReference(name: "a"), by: .ann)
            } == "not_found"
        )
        let own = try shelf.publish(workflow("a"))
        #expect(own.version.number == 1 && own.version.hash != version.hash)
        #expect(try shelf.version("a") == own.version)
    }

    @Test func `a clone has the content under another name and no history`() throws {
        let shelf = Shelf()
        try shelf.publish(workflow("a", value: "1"))
        try shelf.publish(workflow("a", value: "2"))
        let clone = try shelf.catalog.clone(VersionReference("a@1"), to: "b/c", by: .ann)
        #expect(clone.version.number == 1 && clone.version.note == "cloned from a@1")
        #expect(
            try shelf.catalog.source(of: clone.version).map { String(decoding: $0, as: UTF8.self) }?.contains(
                "workflow: a\n"
            ) == false
        )
        var expected = try shelf.document("a@1").objectValue
        expected?["workflow"] = "b/c"
        #expect(try shelf.document("b/c").objectValue == expected)
        #expect(
            code { () throws(CatalogError) in _ = try shelf.catalog.clone(VersionReference("a"), to: "b/c", by: .ann) }
                == "state.conflict"
        )
        #expect(
            code { () throws(CatalogError) in _ = try shelf.catalog.clone(VersionReference("a"), to: "x y", by: .ann) }
                == "validation.failed"
        )
        // The plain form has its name in the metadata.
        try shelf.publish(
            #"{"nodes": [{"id": "n", "type": "transform", "config": {"set": {"x": 1}}}], "metadata": {"name": "p"}}"#
        )
        let plain = try shelf.catalog.clone(VersionReference("p"), to: "q", by: .ann)
        #expect(try shelf.catalog.document(of: plain.version)["metadata"]?["name"] == "q")
    }

    @Test func `a blob that is damaged is told, not shown`() throws {
        let shelf = Shelf()
        let version = try shelf.publish(workflow("a")).version
        _ = shelf.blobs.remove([version.blob], lastPutBefore: Timestamp(milliseconds: .max))
        #expect(code { () throws(CatalogError) in _ = try shelf.document("a") } == "store.unavailable")
    }
}
