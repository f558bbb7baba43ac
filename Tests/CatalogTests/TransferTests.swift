// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model
import Store
import Testing

@testable import Catalog

@Suite struct TransferTests {
    /// A definition with patches, a compaction, tags and an undone move; and another one.
    private func full() throws -> Shelf {
        let shelf = Shelf()
        try shelf.publish(workflow("team/a", value: "1"))
        for value in 2...5 as ClosedRange<Int64> {
            try shelf.patch("team/a", [["op": "replace", "path": "/nodes/@n0/config/set/x", "value": .int(value)]])
        }
        _ = try shelf.catalog.compact(shelf.version("team/a"), atDepth: 3, by: .ann)
        try shelf.patch("team/a", [["op": "add", "path": "/x-note", "value": "ü"]])
        _ = try shelf.catalog.setTag("release/1", to: VersionReference("team/a@2"), by: .ann)
        _ = try shelf.catalog.undo("main", of: "team/a", by: .ann)
        try shelf.publish(workflow("b"))
        return shelf
    }

    private func export(_ shelf: Shelf, _ names: [String] = ["team/a", "b"]) throws -> [UInt8] {
        try shelf.catalog.export(names, owner: "local")
    }

    @Test func `what was exported is imported with the same ids, hashes, tags and history`() throws {
        let source = try full()
        let archive = try export(source)
        #expect(try export(source, ["b", "team/a", "b"]) == archive, "an export has one form")
        let target = Shelf()
        let report = try target.catalog.importArchive(archive, owner: "local")
        #expect(report.definitions.map(\.importedAs) == ["b", "team/a"] && report.renumbered.isEmpty)
        #expect(target.store.artifacts(ArtifactFilter()) == source.store.artifacts(ArtifactFilter()))
        for tag in source.store.tags(owner: nil, definition: nil) {
            #expect(
                target.store.moves(owner: "local", tag: tag.name) == source.store.moves(owner: "local", tag: tag.name)
            )
        }
        for version in try source.catalog.versions(of: "team/a", owner: "local") {
            #expect(try target.catalog.document(of: version).text == source.catalog.document(of: version).text)
        }
        #expect(try export(target) == archive)
        #expect(try target.tagged("team/a") == 5 && target.tagged("team/a", "release/1") == 2)
        // What was undone before the export can be redone after the import.
        #expect(try target.catalog.redo("main", of: "team/a", by: .ann).version.number == 6)
    }

    @Test func `importing again changes nothing`() throws {
        let shelf = try full()
        let archive = try export(shelf)
        try shelf.publish(workflow("team/a", value: "99"))
        let before = try export(shelf)
        let report = try shelf.catalog.importArchive(archive, owner: "local")
        #expect(report.definitions.allSatisfy { $0.isKnown && $0.importedAs == $0.name })
        #expect(try export(shelf) == before)
    }

    @Test func `a name that is taken gets a number, and hashes stay`() throws {
        let source = try full()
        let archive = try export(source)
        let target = Shelf()
        try target.publish(workflow("team/a", value: "42"))
        let report = try target.catalog.importArchive(archive, owner: "local")
        #expect(report.definitions.map(\.importedAs) == ["b", "team/a-2"])
        #expect(try target.tagged("team/a") == 1)
        let versions = try target.catalog.versions(of: "team/a-2", owner: "local")
        #expect(try versions.map(\.hash) == source.catalog.versions(of: "team/a", owner: "local").map(\.hash))
        #expect(try target.tagged("team/a-2", "release/1") == 2)
        #expect(try target.patch("team/a-2", [["op": "add", "path": "/x-more", "value": 1]]).isNew)
    }

    @Test func `ids that are taken are given anew and reported`() throws {
        let source = try full()
        let archive = try export(source)
        // The same rows under another owner.
        let report = try source.catalog.importArchive(archive, owner: "other")
        #expect(report.renumbered.count == source.store.artifacts(ArtifactFilter()).count / 2)
        let versions = try source.catalog.versions(of: "team/a", owner: "other")
        #expect(versions.count == 6)
        for version in versions {
            let document = try source.catalog.document(of: version)
            #expect(try document.text == source.document("team/a@\(version.number ?? 0)").text)
        }
        #expect(try source.catalog.export(["team/a"], owner: "other").count == export(source, ["team/a"]).count)
        #expect(
            try source.catalog.redo("main", of: "team/a", by: CatalogActor(owner: "other", name: "u")).version.number
                == 6
        )
    }

    @Test func `a byte that was changed anywhere is found, and nothing is stored`() throws {
        let archive = try export(try full())
        var random = SplitMix(state: 3)
        // The two blocks at the end hold nothing, and neither does what fills blocks up.
        for round in 0..<100 {
            var bytes = archive
            let place = Int.random(in: 0..<archive.count - 1024, using: &random)
            bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            let target = Shelf()
            let result = code { () throws(CatalogError) in _ = try target.catalog.importArchive(bytes, owner: "local") }
            if result == nil {
                // A change where nothing stands, or in a time or a note, is none of content.
                #expect(try target.catalog.versions(of: "b", owner: "local").count == 1, "round \(round)")
            } else {
                #expect(result == "validation.failed", "byte \(place)")
                #expect(target.store.artifacts(ArtifactFilter()).isEmpty, "byte \(place)")
                #expect(target.blobs.blobs(after: nil, limit: 1).isEmpty, "byte \(place)")
            }
        }
    }

    @Test func `an archive that was cut anywhere is refused`() throws {
        let archive = try export(try full())
        for length in stride(from: 0, to: archive.count - 1024, by: 100) {
            #expect(throws: CatalogError.self) {
                try Shelf().catalog.importArchive(Array(archive[..<length]), owner: "local")
            }
        }
    }

    @Test func `hostile archives are refused with the reason`() throws {
        let archive = try export(try full(), ["b"])
        let files = try TarReader.read(archive).mapValues { Array($0) }
        func made(_ change: (inout [(String, [UInt8])]) -> Void) -> [UInt8] {
            var list = files.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
            change(&list)
            var tar = TarWriter()
            for (name, content) in list { tar.add(name, content) }
            tar.finish()
            return tar.bytes
        }
        func manifest(_ old: String, _ new: String) -> [UInt8] {
            made { list in
                for index in list.indices where list[index].0 == "manifest.json" {
                    let text = String(decoding: list[index].1, as: UTF8.self)
                    list[index].1 = Array(text.replacing(old, with: new).utf8)
                }
            }
        }
        /// The header of the first file with other bytes and a checksum that fits.
        func header(_ offset: Int, _ text: String) -> [UInt8] {
            var bytes = archive
            for (index, byte) in text.utf8.enumerated() { bytes[offset + index] = byte }
            for index in 148..<156 { bytes[index] = 32 }
            let sum = String(bytes[..<512].reduce(0) { $0 + Int($1) }, radix: 8)
            for (index, byte) in (String(repeating: "0", count: 6 - sum.count) + sum + "\0 ").utf8.enumerated() {
                bytes[148 + index] = byte
            }
            return bytes
        }
        let cases: [(String, [UInt8], String)] = [
            ("path", made { $0.append(("../../etc/passwd", [1])) }, "leads out"),
            ("inner path", made { $0.append(("blobs/../x", [1])) }, "leads out"),
            ("absolute", made { $0.append(("/etc/passwd", [1])) }, "leads out"),
            ("stray", made { $0.append(("more", [1])) }, "belongs to nothing"),
            ("twice", made { $0.append($0[0]) }, "twice"),
            ("no manifest", made { $0.removeLast() }, "has no manifest.json"),
            ("no blob", made { $0.removeFirst() }, "is missing"),
            ("no JSON", made { $0[$0.count - 1].1 = [0x7b] }, "no JSON"),
            ("format", manifest("baton-export/1", "baton-export/9"), "not of the format"),
            ("blobs", manifest("\"blobs\":[{", "\"blobs\":[],\"more\":[{"), "does not list the blobs"),
            ("depth", manifest("\"depth\":0", "\"depth\":7"), "does not fit"),
            ("kind", manifest("\"kind\":\"version\"", "\"kind\":\"patch_set\""), "does not fit"),
            ("other tag", manifest("\"tag\":\"b@main\"", "\"tag\":\"b@\\u001b[1m\""), "leads to nothing"),
            (
                "name", manifest("\"kind\":\"workflow\",\"name\":\"b\"", "\"kind\":\"workflow\",\"name\":\"../b\""),
                "cannot be read"
            ),
            ("tag", manifest("\"tag\":\"b@main\"", "\"tag\":\"c@main\""), "leads to nothing"),
            ("number", manifest("\"number\":1,\"tag\"", "\"number\":2,\"tag\""), "moved meanwhile"),
            ("link", header(156, "2"), "no regular file"),
            ("device", header(156, "3"), "no regular file"),
            ("huge", header(124, "77777777777\0"), "longer than the archive"),
            ("negative", header(124, "-0000000001\0"), "no number"),
            ("binary size", header(124, "\u{7f}0000000001\0"), "no number"),
            ("empty", [], "cut short"), ("zeros", [UInt8](repeating: 0, count: 1024), "has no manifest.json"),
            ("noise", (0..<2048).map { UInt8(truncatingIfNeeded: $0 &* 31) }, "no tar file"),
        ]
        for (name, bytes, reason) in cases {
            let target = Shelf()
            do throws(CatalogError) {
                _ = try target.catalog.importArchive(bytes, owner: "local")
                Issue.record("\(name) was imported")
            } catch {
                #expect(error.code == .invalid && error.message.contains(reason), "\(name): \(error.message)")
            }
            #expect(target.store.artifacts(ArtifactFilter()).isEmpty, "\(name)")
            #expect(target.blobs.blobs(after: nil, limit: 1).isEmpty, "\(name)")
        }
    }

    @Test func `a version that does not come to its hash is refused`() throws {
        let source = Shelf()
        try source.publish(workflow("b"))
        let archive = try export(source, ["b"])
        let hash = try source.version("b").hash
        var list = try TarReader.read(archive).map { ($0.key, Array($0.value)) }.sorted { $0.0 < $1.0 }
        let other = "sha256:" + String(repeating: "0", count: 64)
        let text = String(decoding: list[list.count - 1].1, as: UTF8.self)
        // Only the names of content: the blobs keep theirs, so all of them match.
        list[list.count - 1].1 = Array(text.replacing(hash, with: other).utf8)
        var tar = TarWriter()
        for (name, content) in list { tar.add(name, content) }
        tar.finish()
        do throws(CatalogError) {
            _ = try Shelf().catalog.importArchive(tar.bytes, owner: "local")
            Issue.record("it was imported")
        } catch {
            #expect(error.message.contains("does not come to its hash"), "\(error.message)")
        }
    }

    @Test func `unknown names are not exported`() throws {
        #expect(
            code { () throws(CatalogError) in _ = try Shelf().catalog.export(["none"], owner: "local") } == "not_found"
        )
    }
}
